/* words.c - the table of texts: a row a text, a column a language. Each {} stands for what
 * html_say is given, in that order. */
#include "page/words_private.h"
#include <stddef.h>
#include <string.h>

static const char *const texts[WORDS][TONGUES] = {
    [WORD_NONE] = { "", "" },
    [WORD_GATEWAY] = { "Gateway", "网关" },
    [WORD_CHANGES] = { "Changes", "变更" },
    [WORD_CHANGE] = { "Change", "变更" },
    [WORD_AUDIT] = { "Audit", "审计" },
    [WORD_LOGIN] = { "Log in", "登录" },
    [WORD_LOGOUT] = { "Log out", "退出" },
    [WORD_NAME] = { "Name", "用户名" },
    [WORD_PASSPHRASE] = { "Passphrase", "口令" },
    [WORD_TOKEN] = { "Your token", "您的令牌" },
    [WORD_TOKEN_INSTEAD] = { "With a token", "使用令牌" },
    [WORD_LOGIN_WHY] = { "Changes of the gateway are read and decided here.",
                         "在此查看并决定网关的变更。" },
    [WORD_LOGIN_BY] = { "Log in with {}", "通过 {} 登录" },
    [WORD_PASSPHRASE_INSTEAD] = { "With a passphrase", "使用口令" },
    [WORD_TO_PROVIDER] = { "Going to {} to log in.", "正在前往 {} 登录。" },
    [WORD_LOGGED_IN] = { "You are logged in.", "您已登录。" },
    [WORD_GO_ON] = { "Go on", "继续" },
    [WORD_LEFT] = { "You are logged out here.", "您已在此退出。" },
    [WORD_LEAVE_PROVIDER] = { "Log out at {}, too", "同时退出 {}" },
    [WORD_STATE] = { "State", "状态" },
    [WORD_RISK] = { "Risk", "风险" },
    [WORD_OBJECT] = { "Object", "对象" },
    [WORD_ACTOR] = { "Person", "人员" },
    [WORD_SINCE] = { "Since", "起始日期" },
    [WORD_ANY] = { "any", "全部" },
    [WORD_WAITING] = { "waiting for a decision", "等待决定" },
    [WORD_FILTER] = { "Search", "搜索" },
    [WORD_CLEAR] = { "Clear", "清除" },
    [WORD_NO_CHANGES] = { "No change fits.", "没有符合条件的变更。" },
    [WORD_OLDER] = { "Older", "更早" },
    [WORD_NEWEST] = { "Newest", "最新" },
    [WORD_BY] = { "by", "由" },
    [WORD_ASKED_BY] = { "asked by", "请求者" },
    [WORD_TOUCHES] = { "What it does", "变更内容" },
    [WORD_WARNINGS] = { "Warnings", "警告" },
    [WORD_SIDE_BY_SIDE] = { "Side by side", "并排显示" },
    [WORD_UNCHANGED] = { "{} unchanged", "{} 项未变" },
    [WORD_BEFORE] = { "Before", "变更前" },
    [WORD_AFTER] = { "After", "变更后" },
    [WORD_PART_OF] = { "Part {} of {}", "第 {} 部分，共 {} 部分" },
    [WORD_NEXT_PART] = { "Show part {} of {}", "显示第 {} 部分，共 {} 部分" },
    [WORD_FIRST_PART] = { "From the beginning", "从头查看" },
    [WORD_NOT_ALL_SHOWN] = { "It can be approved where all of it was shown: after the last part.",
                             "查看全部内容（最后一部分）之后才能批准。" },
    [WORD_DECISION] = { "Decision", "决定" },
    [WORD_COMMENT] = { "Comment (optional)", "备注（可选）" },
    [WORD_APPROVE] = { "Approve and apply", "批准并应用" },
    [WORD_REJECT] = { "Reject", "拒绝" },
    [WORD_TYPE_WORD] = { "This destroys something. Type {} to approve it:",
                         "此变更会删除内容。请输入 {} 以批准：" },
    [WORD_SURE_APPROVE] = { "Apply this change now?", "现在应用此变更？" },
    [WORD_SURE_REJECT] = { "Reject this change?", "拒绝此变更？" },
    [WORD_MAY_NOT] = { "You may look at this change, not decide it.",
                       "您可以查看此变更，但不能做出决定。" },
    [WORD_WAITS_FOR_PERSON] = { "Waits for a person: here, or by `higress-ops approve {}`.",
                                "等待人工决定：在此页面，或运行 `higress-ops approve {}`。" },
    [WORD_UNDO] = { "Plan the reverse", "计划撤销" },
    [WORD_UNDO_WHY] = { "Makes a new change that puts back what this one wrote. It is shown and "
                        "decided like any other.",
                        "生成一个恢复原状的新变更，它同样需要查看和决定。" },
    [WORD_UNDOES] = { "Reverses change", "撤销变更" },
    [WORD_TIMELINE] = { "Time line", "时间线" },
    [WORD_PLANNED] = { "planned", "已计划" },
    [WORD_EXPIRES] = { "expires undecided", "未决定则过期" },
    [WORD_HISTORY] = { "History", "历史" },
    [WORD_HISTORY_OF] = { "Other changes of {}", "{} 的其他变更" },
    [WORD_RESULT] = { "Result", "结果" },
    [WORD_LOOKING_SERVED] = { "Looking whether every replica of the gateway serves it.",
                              "正在查看网关的每个副本是否已生效。" },
    [WORD_NOT_VISIBLE] = { "Not visible in Envoy", "在 Envoy 中不可见" },
    [WORD_VERIFY] = { "Verify all of it", "验证全部" },
    [WORD_VERIFY_WHY] = { "Every line holds a digest of the one before.",
                          "每一行都包含上一行的摘要。" },
    [WORD_WHEN] = { "When", "时间" },
    [WORD_WHO] = { "Who", "人员" },
    [WORD_EVENT] = { "Event", "事件" },
    [WORD_CHANNEL] = { "Channel", "渠道" },
    [WORD_DETAIL] = { "Detail", "详情" },
    [WORD_NEWS] = { "This page is out of date.", "此页面已过期。" },
    [WORD_RELOAD] = { "Load it again", "重新加载" },
    [WORD_SKIP] = { "To the content", "跳到内容" },
    [WORD_CREATE] = { "create", "新建" },
    [WORD_PUT] = { "change", "修改" },
    [WORD_DELETE] = { "delete", "删除" },
    [WORD_TO_CHANGES] = { "All changes", "所有变更" },
    [WORD_FOUND] = { "What was found", "检查结果" },
    [WORD_NOTHING_FOUND] = { "Nothing is wrong as far as could be seen.", "未发现问题。" },
    [WORD_TRAFFIC_LOG] = { "last hour: requests (bars), errors (red), slowest of 100 (line), by "
                           "the "
                           "access log",
                           "最近一小时：请求（柱）、错误（红）、第 99 "
                           "百分位耗时（线），来自访问日志" },
    [WORD_TRAFFIC_COUNTERS] = { "last hour: requests (bars), errors (red), slowest of 100 (line), "
                                "by "
                                "Envoy's counters, which know services only",
                                "最近一小时：请求（柱）、错误（红）、第 99 百分位耗时（线），来自 "
                                "Envoy 计数器（仅服务）" },
    [WORD_NO_TRAFFIC] = { "traffic of the last hour: no data", "最近一小时的流量：无数据" },
    [WORD_PASSKEYS] = { "Passkeys", "通行密钥" },
    [WORD_PASSKEYS_WHY] = { "A program can drive a browser that is logged in; it cannot touch a "
                            "key. "
                            "A passkey signs for exactly one change.",
                            "程序可以操纵已登录的浏览器，但无法触碰密钥。通行密钥只为一个变更签名"
                            "。" },
    [WORD_PASSKEY_AT] = { "Keys work at {} and nowhere else.", "密钥仅在 {} 有效。" },
    [WORD_PASSKEY_NEW] = { "Enrol a key", "注册密钥" },
    [WORD_PASSKEY_CODE] = { "Code that an administrator made (`higress-ops passkey enroll {}`)",
                            "管理员生成的代码（`higress-ops passkey enroll {}`）" },
    [WORD_PASSKEY_NAME] = { "What you call this key", "密钥名称" },
    [WORD_PASSKEY_ENROL] = { "Touch the key and enrol it", "触碰密钥并注册" },
    [WORD_PASSKEY_APPROVE] = { "Approve with a passkey", "使用通行密钥批准" },
    [WORD_PASSKEY_FAILED] = { "No key answered; nothing was sent", "没有密钥响应；未发送任何内容" },
    [WORD_NO_PASSKEY] = { "This browser cannot use a passkey here: it needs a script, WebAuthn, "
                          "and "
                          "this page under its own name.",
                          "此浏览器无法在此使用通行密钥：需要脚本、WebAuthn 以及本页的正式域名。" },
    [WORD_NO_PASSKEYS] = { "You have no passkey yet.", "您还没有通行密钥。" },
    [WORD_ATTESTED] = { "maker vouched for it", "制造商已认证" },
    [WORD_UNREAD] = { "{} things could not be read or judged", "{} 项无法读取或检查" },
    [WORD_NOTHING_IN_READ] = { "Nothing is wrong in what could be read.",
                               "在可读取的内容中未发现问题。" },
    [WORD_AND_MORE] = { "and {} more", "另有 {} 项" },
    [WORD_NOT_ON_MAP] = { "Nothing of that name is in what was read of the gateway.",
                          "在已读取的网关内容中没有该对象。" },
    [WORD_NEEDS] = { "It takes {}.", "需要：{}。" },
    [WORD_MISSING] = { "{} more must approve it.", "还需 {} 人批准。" },
    [WORD_POLICY] = { "Policy", "策略" },
    [WORD_BY_OBJECT] = { "By object", "按对象" },
    [WORD_DRAFT_WHY] = { "A draft: nobody was asked, and nothing is applied unless its owner asks.",
                         "草稿：尚未请求任何人，除非请求者提出，否则不会应用。" },
    [WORD_LOOKED_BACK] = { "Looked back to {}; older ones may fit, too.",
                           "已查找到 {}；更早的变更也可能符合条件。" },
    [WORD_AGREE] = { "Approve", "批准" },
    [WORD_SURE_AGREE] = { "Approve this change? It is applied when all have who must.",
                          "批准此变更？所需人员全部批准后才会应用。" },
    [WORD_AGREED_ALREADY] = { "You have approved it. It waits for somebody else.",
                              "您已批准，正在等待其他人。" },
    [WORD_AUDIT_TOO_LONG] = { "The audit has {} lines, more than a page verifies. At a terminal: "
                              "`higress-ops audit verify`",
                              "审计共有 {} 行，超出页面可验证的范围。请在终端运行 "
                              "`higress-ops audit verify`" },
    [WORD_FIND_ON_MAP] = { "Routes, hosts, services", "路由、域名、服务" },
    [WORD_USERS] = { "Used by", "使用者" },
    [WORD_NO_USERS] = { "Nobody uses it.", "没有使用者。" },
    [WORD_CONTENT] = { "What it holds", "内容" },
    [WORD_CONTENT_CUT] = { "It is cut here; get_resource tells all of it.",
                           "内容在此截断；get_resource 可查看全部。" },
    [WORD_WHOLE_MAP] = { "The whole gateway", "整个网关" },
    [WORD_OUTSIDE_WHY] = { "Made elsewhere, not through this gate. Who made it is not known.",
                           "在别处进行的修改，未经过此处审批。修改者未知。" },
    [WORD_OUTSIDE_BETWEEN] = { "Between {} and {}", "介于 {} 与 {} 之间" },
    [WORD_RESTORE] = { "Plan what puts it back", "计划恢复原状" },
    [WORD_RESTORE_WHY] = { "Makes a change that puts back what stood before. It is shown and "
                           "decided like any other.",
                           "生成一个恢复原状的变更，它同样需要查看和决定。" },
    [WORD_NO_OUTSIDE] = { "No edit made elsewhere fits.", "没有符合条件的外部修改。" },
    [WORD_LOOKED] = { "{}: last looked at {}", "{}：上次查看于 {}" },
    [WORD_NOT_LOOKED] = { "{}: never looked at", "{}：从未查看" },
    [WORD_NOT_WATCHED] = { "not watched (setting outside)", "未监视（设置项 outside）" },
};

struct named {
    const char *name, *says[TONGUES];
};

static const struct named states[] = {
    { "draft", { "draft", "草稿" } },
    { "pending", { "waiting", "待决定" } },
    { "approved", { "approved", "已批准" } },
    { "applying", { "being applied", "应用中" } },
    { "applied", { "applied", "已应用" } },
    { "failed", { "failed", "失败" } },
    { "unknown", { "outcome unknown", "结果未知" } },
    { "void", { "void: the gateway moved on", "失效：网关已变化" } },
    { "rejected", { "rejected", "已拒绝" } },
    { "cancelled", { "cancelled", "已取消" } },
    { "expired", { "expired", "已过期" } },
    { "outside", { "made elsewhere", "外部修改" } },
    { "tampered", { "tampered with", "已被篡改" } },
    { NULL },
};

static const struct named risks[] = {
    { "read", { "reads", "只读" } },
    { "change", { "changes", "修改" } },
    { "destroy", { "destroys", "删除" } },
    { NULL },
};

static const struct named found[] = {
    { "open", { "open to others", "对外开放" } },
    { "broken", { "broken", "故障" } },
    { "dead", { "without effect", "未生效" } },
    { "note", { "to know", "提示" } },
    { NULL },
};

const char *words_say(enum tongue t, enum word w)
{
    return texts[w][t];
}

static const char *find_named(const struct named *row, enum tongue t, const char *name)
{
    for (; name && row->name; row++)
        if (!strcmp(row->name, name))
            return row->says[t];
    return NULL;
}

const char *words_state(enum tongue t, const char *state)
{
    return find_named(states, t, state);
}

const char *words_risk(enum tongue t, const char *risk)
{
    return find_named(risks, t, risk);
}

const char *words_found(enum tongue t, const char *risk)
{
    return find_named(found, t, risk);
}
