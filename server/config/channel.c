/* channel.c - the table of channels. */
#include "config/channel.h"
#include <string.h>

static const struct {
    const char *name;
    enum strength strength;
    const char *word;
} channels[] = {
    [CHANNEL_NONE] = { "", STRENGTH_NONE },
    [CHANNEL_FORM_HTTP] = { "elicitation over HTTP", STRENGTH_HTTP_FORM, "http-form" },
    [CHANNEL_FORM_STDIO] = { "elicitation over stdio", STRENGTH_STDIO_FORM, "stdio-form" },
    [CHANNEL_PAGE] = { "page", STRENGTH_PERSON, "page" },
    [CHANNEL_API] = { "API", STRENGTH_PERSON, "api" },
    [CHANNEL_PASSKEY] = { "passkey", STRENGTH_PASSKEY, "passkey" },
    [CHANNEL_TERMINAL] = { "command line", STRENGTH_PERSON, "terminal" },
    [CHANNEL_CHAT] = { "chat", STRENGTH_PERSON, "chat" },
    [CHANNEL_GUARD] = { "guard", STRENGTH_NONE },
    [CHANNEL_POLICY] = { "auto", STRENGTH_NONE },
};
enum { CHANNELS = sizeof channels / sizeof *channels };

static const char *const strengths[] = {
    [STRENGTH_NONE] = "",
    [STRENGTH_HTTP_FORM] = "http-form",
    [STRENGTH_STDIO_FORM] = "stdio-form",
    [STRENGTH_PERSON] = "person",
    [STRENGTH_PASSKEY] = "passkey",
};

const char *channel_name(enum channel_kind c)
{
    return channels[c].name;
}

enum channel_kind channel_named(const char *name)
{
    for (int i = CHANNEL_FORM_HTTP; name && i < CHANNELS; i++)
        if (!strcmp(channels[i].name, name))
            return (enum channel_kind)i;
    return CHANNEL_NONE;
}

const char *channel_word(enum channel_kind c)
{
    return channels[c].word;
}

enum channel_kind channel_by_word(const char *word)
{
    for (int i = CHANNEL_FORM_HTTP; word && i < CHANNELS; i++)
        if (channels[i].word && !strcmp(channels[i].word, word))
            return (enum channel_kind)i;
    return CHANNEL_NONE;
}

enum strength channel_strength(enum channel_kind c)
{
    return channels[c].strength;
}

bool channel_is_form(enum channel_kind c)
{
    return c == CHANNEL_FORM_HTTP || c == CHANNEL_FORM_STDIO;
}

const char *channel_strength_name(enum strength s)
{
    return strengths[s];
}

enum strength channel_strength_named(const char *name)
{
    for (int i = STRENGTH_HTTP_FORM; name && i <= STRENGTH_PASSKEY; i++)
        if (!strcmp(strengths[i], name))
            return (enum strength)i;
    return STRENGTH_NONE;
}
