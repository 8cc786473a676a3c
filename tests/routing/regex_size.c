/* regex_size.c - prints, for each line of standard input, the size of the program that it compiles
 * to, or RE2's words on it: what regex.py holds against a real Envoy. */
#include "rule/regex.h"
#include <stdio.h>
#include <string.h>

int main(void)
{
    char line[4096], why[200];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        int size = regex_size(line, why, sizeof why);
        printf("%d\t%s\n", size, size < 0 ? why : "");
    }
    return 0;
}
