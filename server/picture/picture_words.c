/* picture_words.c - the words of a drawing itself, a row a text, a column a language. */
#include "base/arena.h"
#include "picture/picture_private.h"
#include <string.h>

static const char *const texts[PICTURE_WORDS][2] = {
    [SAY_MAP] = { "Map of the gateway", "网关地图" },
    [SAY_HOSTS] = { "Hosts", "域名" },
    [SAY_ROUTES] = { "Routes", "路由" },
    [SAY_SERVICES] = { "Services", "服务" },
    [SAY_NOT_READ] = { "not read", "未读取" },
    [SAY_NOT_ALL_READ] = { "not all could be read", "未能全部读取" },
    [SAY_ANY_HOST] = { "any host", "任意域名" },
    [SAY_MORE] = { "{} more routes", "另有 {} 条路由" },
    [SAY_SOME_FOUND] = { "something was found about {} of them", "其中 {} 条有检查结果" },
    [SAY_NOTHING_FOUND] = { "nothing was found about them", "未发现问题" },
    [SAY_MORE_SERVICES] = { "more services", "更多服务" },
    [SAY_MISSING] = { "is not there", "不存在" },
    [SAY_NO_ENDPOINT] = { "no endpoint", "没有端点" },
    [SAY_PROVIDER] = { "AI provider", "AI 服务提供者" },
    [SAY_WAITS] = { "a change waits", "有变更待决定" },
    [SAY_HOUR] = { "Last hour", "最近一小时" },
    [SAY_NO_DATA] = { "no data", "无数据" },
    [SAY_BY_LOG] = { "access log", "访问日志" },
    [SAY_BY_COUNTERS] = { "Envoy's counters", "Envoy 计数器" },
    [SAY_SINCE] = { "since", "自" },
    [SAY_ROUTES_UNREAD] = { "The routes could not be read.", "无法读取路由。" },
    [SAY_LEADS_NOWHERE] = { "No route leads here.", "没有路由指向这里。" },
    [SAY_NO_ROUTE] = { "This gateway has no route.", "此网关没有路由。" },
    [SAY_NONE_FITS] = { "No route fits.", "没有符合的路由。" },
};

const char *picture_say(const struct layout *l, enum picture_word word)
{
    return texts[word][l->p->chinese];
}

const char *picture_say_count(const struct layout *l, enum picture_word word, int n)
{
    const char *text = picture_say(l, word), *place = strstr(text, "{}");
    return arena_printf(l->a, "%.*s%d%s", (int)(place - text), text, n, place + 2);
}
