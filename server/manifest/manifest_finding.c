/* manifest_finding.c - what became of each member of a Kubernetes object: kept, refused as a
 * mistake, said as warnings of a plan. */
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "manifest/manifest_private.h"
#include "plan/plan.h"
#include <stdarg.h>

enum { SENTENCE = 400, NAMED = 4, RECENT = 64 };

static bool is_same_finding(const struct manifest_finding *x, const struct manifest_finding *y)
{
    return x->status == y->status && !strcmp(x->text, y->text) &&
           !strcmp(x->member ? x->member : "", y->member ? y->member : "");
}

/* Each path of an Ingress may find the same. */
static bool is_said_already(const struct manifest *m, const struct manifest_finding *f)
{
    for (int i = m->finding_count - 1; i >= 0 && i > m->finding_count - RECENT; i--)
        if (m->findings[i].object == f->object && is_same_finding(&m->findings[i], f))
            return true;
    return false;
}

/* What is found out later about a member takes the place of "works". */
static struct manifest_finding *works_so_far(struct manifest *m, const struct manifest_finding *f)
{
    for (int i = m->finding_count - 1; i >= 0 && i > m->finding_count - RECENT; i--) {
        struct manifest_finding *x = &m->findings[i];
        if (x->object == f->object && f->member && x->member && x->status == MANIFEST_WORKS &&
            !strcmp(x->member, f->member))
            return x;
    }
    return NULL;
}

static void add_finding(struct manifest *m, struct manifest_finding f, const char *format,
                        va_list args)
{
    f.object = m->object ? m->object : m->where;
    f.member = f.member ? text_clean(m->arena, f.member, 120) : NULL;
    f.text = text_clean(m->arena, arena_vprintf(m->arena, format, args), SENTENCE);
    f.number = m->finding_count;
    if (is_said_already(m, &f))
        return;
    struct manifest_finding *before = works_so_far(m, &f);
    if (before) {
        f.number = before->number;
        *before = f;
        return;
    }
    m->findings =
        arena_grow(m->arena, m->findings, m->finding_count, &m->finding_room, sizeof *m->findings);
    m->findings[m->finding_count++] = f;
}

void manifest_account(struct manifest *m, const char *member, enum manifest_status status,
                      enum annotation_danger danger, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_finding(m,
                (struct manifest_finding){ .member = member, .status = status, .danger = danger },
                format, args);
    va_end(args);
}

void manifest_note(struct manifest *m, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_finding(m, (struct manifest_finding){ .status = MANIFEST_IGNORED, .danger = LOSES_TUNING },
                format, args);
    va_end(args);
}

const char *manifest_status_name(enum manifest_status s)
{
    static const char *const names[] = { [MANIFEST_WORKS] = "works",
                                         [MANIFEST_TRANSLATED] = "translated",
                                         [MANIFEST_IGNORED] = "ignored",
                                         [MANIFEST_PLUGIN] = "needs plugin",
                                         [MANIFEST_REFUSED] = "refused" };
    return names[s];
}

bool manifest_refuses(const struct manifest *m, int first)
{
    for (int i = first; i < m->finding_count; i++)
        if (m->findings[i].status == MANIFEST_REFUSED)
            return true;
    return false;
}

/* -- as one mistake --------------------------------------------------------------------------- */

/* "Ingress shop/web: higress.io/timeout:", or the object alone. */
static const char *subject(struct manifest *m, const struct manifest_finding *f)
{
    return f->member ? arena_printf(m->arena, "%s: %s:", f->object, f->member) : f->object;
}

bool manifest_refusals(struct manifest *m, struct err *e)
{
    enum { SHOWN = 4 };
    const char *all = "";
    int n = 0;
    for (int i = 0; i < m->finding_count; i++) {
        const struct manifest_finding *f = &m->findings[i];
        if (f->status != MANIFEST_REFUSED)
            continue;
        if (n++ < SHOWN)
            all = arena_printf(m->arena, "%s%s%s %s", all, *all ? "; " : "", subject(m, f),
                               text_clean(m->arena, f->text, 170));
    }
    if (n == 0)
        return true;
    return err_set(
        e, ERR_ARGS,
        "%d of its members must not be lost or must not reach the gateway: %s%s. Do what "
        "they say, take them out, and try again (higress-ops migrate reports all)",
        n, all, n > SHOWN ? arena_printf(m->arena, "; and %d more", n - SHOWN) : "");
}

/* -- as warnings ------------------------------------------------------------------------------ */

/* The same of several objects is one warning that names them. */
struct group {
    const struct manifest_finding *first;
    const char *objects;
    int count;
};

/* More kinds of findings than a plan has warnings are said to be more by the plan itself. */
static int group_findings(struct manifest *m, struct group *groups, int most)
{
    int n = 0;
    for (int i = 0; i < m->finding_count; i++) {
        const struct manifest_finding *f = &m->findings[i];
        int k = 0;
        if (f->status == MANIFEST_WORKS || f->danger == LOSES_NOTHING)
            continue;
        while (k < n && !is_same_finding(groups[k].first, f))
            k++;
        if (k == n && n < most)
            groups[n++] = (struct group){ f, f->object, 1 };
        else if (k < n && groups[k].count++ < NAMED)
            groups[k].objects = arena_printf(m->arena, "%s, %s", groups[k].objects, f->object);
    }
    return n;
}

static void warn_of_group(struct manifest *m, struct plan *p, const struct group *g)
{
    const struct manifest_finding *f = g->first;
    const char *more =
        g->count > NAMED ? arena_printf(m->arena, " and %d more", g->count - NAMED) : "";
    if (!f->member)
        plan_warn(p, "%s%s %s", g->objects, more, f->text);
    else
        plan_warn(p, "%s%s: %s is %s: %s", g->objects, more, f->member,
                  manifest_status_name(f->status), f->text);
}

void manifest_warn(struct manifest *m, struct plan *p)
{
    enum { MOST = PLAN_MAX_WARNINGS + 1 };
    struct group *groups = arena_array(m->arena, struct group, MOST);
    int n = group_findings(m, groups, MOST);
    for (int danger = LOSES_ACCESS; danger > LOSES_NOTHING; danger--)
        for (int i = 0; i < n; i++)
            if ((int)groups[i].first->danger == danger)
                warn_of_group(m, p, &groups[i]);
}
