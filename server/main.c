/* main.c - argv to a command (server/cmd/): the only file that sees every layer. */
#include "version.h"

int main(void)
{
    puts("higress-ops " HIGRESS_OPS_VERSION);
    return 0;
}
