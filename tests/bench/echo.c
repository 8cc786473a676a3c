/* echo.c - the floor: answers every line with a canned result of the same id. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    static char in[65536], out[1024];
    while (fgets(in, sizeof in, stdin)) {
        const char *id = strstr(in, "\"id\":");
        if (!id)
            continue;
        int n = snprintf(
            out, sizeof out,
            "{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"result\":{\"protocolVersion\":\"2025-11-25\","
            "\"capabilities\":{\"tools\":{}},\"serverInfo\":{\"name\":\"echo\",\"version\":\"1\"},"
            "\"content\":[{\"type\":\"text\",\"text\":\"echo\"}]}}\n",
            (int)strspn(id + 5, "0123456789"), id + 5);
        if (write(1, out, (size_t)n) != n)
            return 1;
    }
    return 0;
}
