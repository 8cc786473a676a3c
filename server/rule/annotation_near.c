/* annotation_near.c - the annotation that a misspelt name is probably meant to be. */
#include "kind/annotation.h"
#include "rule/route_look_private.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LEN = 64, NEAR = 2 /* letters wrong */ };

/* Letters and digits only, small: "time-Out" is "timeout". */
static size_t plain(const char *s, char out[NAME_MAX_LEN])
{
    size_t n = 0;
    for (; *s && n < NAME_MAX_LEN - 1; s++)
        if (isalnum((unsigned char)*s))
            out[n++] = (char)tolower((unsigned char)*s);
    out[n] = '\0';
    return n;
}

static int least_of_three(int x, int y, int z)
{
    int m = x < y ? x : y;
    return m < z ? m : z;
}

/* How many letters must be put in, left out or changed. */
static int distance(const char *x, size_t n, const char *y, size_t m)
{
    int row[NAME_MAX_LEN + 1];
    for (size_t j = 0; j <= m; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int corner = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int above = row[j];
            row[j] = least_of_three(above + 1, row[j - 1] + 1, corner + (x[i - 1] != y[j - 1]));
            corner = above;
        }
    }
    return row[m];
}

const char *annotation_near(const char *name)
{
    char wanted[NAME_MAX_LEN], other[NAME_MAX_LEN];
    size_t n = plain(name, wanted), m;
    const char *nearest = NULL;
    int best = NEAR + 1;
    for (const struct annotation *row = annotation_read; row->name; row++) {
        if (!row->under)
            continue;
        m = plain(row->name, other);
        size_t apart = m > n ? m - n : n - m;
        int d = apart > NEAR ? NEAR + 1 : distance(wanted, n, other, m);
        if (d < best && d < (int)n / 2) {
            best = d;
            nearest = row->name;
        }
    }
    return nearest;
}
