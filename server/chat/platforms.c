/* platforms.c - the platforms there are. */
#include "chat/platform_private.h"

extern const struct chat_platform chat_webhook;

const struct chat_platform *const chat_platforms[] = {
    &chat_slack, &chat_feishu, &chat_dingtalk, &chat_wecom, &chat_teams, &chat_webhook,
};
const size_t chat_platforms_n = sizeof chat_platforms / sizeof *chat_platforms;
