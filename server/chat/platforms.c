/* platforms.c - the platforms there are, a row each. */
#include "chat/platform_private.h"

const struct chat_platform *const chat_platforms[] = {
    &chat_slack, &chat_feishu, &chat_dingtalk, &chat_wecom, &chat_teams, &chat_webhook,
};
const size_t chat_platforms_n = sizeof chat_platforms / sizeof *chat_platforms;
