/* agent.h - a question in words, answered by a language model that calls our tools.
 *
 * The model is a caller like any other (call/caller.h): the same tools, the same gate, the same
 * audit. It reads side by side and changes one thing at a time; it plans, and cannot approve: only
 * the channel given, a person's, is ever asked. What tools say reaches it as quoted data. Each
 * question is bounded in steps, tokens, time, and in money where prices are configured.
 * What happens is told as events; they are what a transcript holds and what is printed, so that a
 * transcript can be shown again without a model. No text in them holds a secret, a fingerprint or a
 * control character but line ends.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct agent;
struct arena;
struct channel;
struct err;
struct service;

enum agent_outcome {
    AGENT_ANSWERED = 1,
    AGENT_WAITS,   /* a change waits for a person's decision */
    AGENT_NOTHING, /* it was diagnosed, and nothing wrong was found */
    AGENT_FAILED,  /* the model, or the way to it */
    AGENT_LIMIT,   /* of steps, tokens, time or money */
    AGENT_STOPPED, /* by who asked */
    AGENT_UNREAD,  /* without a model: the gateway's objects could not be read */
};
const char *agent_outcome_name(enum agent_outcome o);     /* "answered", … */
enum agent_outcome agent_outcome_named(const char *name); /* 0: none */

/* Events, each an object with "event":
 *   question  text
 *   call      n, tool, arguments                 a tool is called
 *   progress  n, text
 *   result    n, tool, outcome, seconds, text, bytes, change?, verdicts?
 *   reply     text, last, tokens                 the model has said that
 *   again     seconds, why                       it is asked again; its last words are void
 *   notice    text
 *   end       outcome, answer, error?, model?, steps, tokens, cost, seconds
 */
struct agent_listener {
    void (*told)(void *arg, const cJSON *event); /* lives until it returns */
    void (*said)(void *arg, const char *text);   /* words of a reply as they come; may be NULL */
    void *arg;
};

struct agent_options {
    struct service *service;
    const char *kind;        /* "ask", "chat": its channel in the audit */
    const char *principal;   /* who asks: owns what is proposed */
    struct channel *channel; /* their person, or NULL: nobody can be asked */
    struct agent_listener listener;
    bool without_model;  /* agent_plain only */
    bool reads_only;     /* nothing is planned */
    const char *gateway; /* the only one that is looked at; NULL: any */
};

/* Lives in arena a; agent_free ends what it holds beside. NULL + e: no model is configured. */
struct agent *agent_new(struct arena *a, const struct agent_options *o, struct err *e);
void agent_free(struct agent *g);
/* What was said in an earlier conversation, that this one goes on with. */
void agent_recall(struct agent *g, const char *question, const char *answer);
/* Puts a question; what was said before is remembered. Parks. */
enum agent_outcome agent_ask(struct agent *g, const char *question);
/* The same without a model: an overview, a diagnosis of what the question names, and a check of the
 * configuration, in words. Parks. */
enum agent_outcome agent_plain(struct agent *g, const char *question);
/* One tool for the person themself, as if the model had called it; its words, or NULL when it was
 * stopped. Parks. */
const char *agent_tool(struct agent *g, const char *tool, const cJSON *args);
/* What those words name, diagnosed for the person, as above. */
const char *agent_diagnose(struct agent *g, const char *about);
/* Stops the question that is being answered. From the loop. */
void agent_stop(struct agent *g);

/* What the events of one question came to: {"outcome","question","answer","verdicts","changes",
 * "calls","steps","tokens","cost","seconds",…}. */
struct agent_report;
struct agent_report *agent_report_new(struct arena *a);
void agent_report_take(struct agent_report *r, const cJSON *event);
cJSON *agent_report_tree(const struct agent_report *r);
/* Words of others for people: no secret, no fingerprint, nothing but text. */
char *event_words(struct arena *a, const char *text);
/* Several lines of text, of a model or a file, made harmless for a terminal. */
char *agent_words(struct arena *a, const char *text);
