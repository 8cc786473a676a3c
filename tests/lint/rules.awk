# rules.awk FILE... - memory, cJSON and a few words: what may be called where. Comments and strings do not count.
# Prints one line for each violation. To allow a call somewhere, think first, then change its pattern here.
BEGIN { libraries = "^server/(approve|base|change|config|console|diagnose|kind|manifest|mask|net|plan|policy|rule|signal|store)/" }
function report(what) { print FILENAME ":" FNR ": " what }
function code_of(line,    at) {
    gsub(/\\./, "", line)
    gsub(/"[^"]*"/, "\"\"", line)
    gsub(/\/\*[^*]*\*+([^\/*][^*]*\*+)*\//, " ", line)
    sub(/\/\/.*/, "", line)
    if (in_comment) {
        at = index(line, "*/")
        if (!at)
            return ""
        line = substr(line, at + 2)
        in_comment = 0
    }
    at = index(line, "/*")
    if (at) {
        in_comment = 1
        line = substr(line, 1, at - 1)
    }
    return line
}
function calls(pattern) { return code ~ ("(^|[^A-Za-z0-9_.>])(" pattern ")[ \t]*[(]") }
FNR == 1 { in_comment = 0 }
{
    if ($0 ~ /(TODO|FIXME|(^|[^A-Za-z])XXX([^A-Za-z]|$))/)
        report("no notes to do it later: do it, or open an issue")
    code = code_of($0)
}
code == "" { next }
calls("malloc|calloc|realloc|reallocarray|free|strdup|strndup|asprintf|vasprintf|getline|posix_memalign") &&
FILENAME !~ /^server\/(base\/(arena|buf|fiber|json[a-z_]*)[.]c|net\/[a-z_]*[.][ch])$/ {
    report("memory comes from an arena (base/arena.h)")
}
calls("cJSON_(Create|Add|Delete|Parse|Print|Duplicate|Detach|Replace|Insert|Set|Minify|Init|Merge)[A-Za-z]*") &&
FILENAME !~ /^server\/base\/json[a-z_]*[.]c$/ { report("nodes are made and changed by base/json.h") }
calls("strcpy|strcat|strncpy|strncat|sprintf|vsprintf|gets|strtok|asctime|ctime|gmtime|localtime|system|popen|atoi|atol|atof|mktemp|tmpnam|rand|srand|alloca|setjmp|longjmp|usleep|sleep") {
    report("a banned function (base/banned.h)")
}
calls("printf|puts|putchar|perror") && FILENAME !~ /^server\/(cmd\/|main[.]c)/ {
    report("only commands write to the terminal")
}
calls("log_event") && FILENAME ~ libraries &&
FILENAME !~ /^server\/base\/(log|err)[.][ch]$/ { report("libraries set a struct err, they do not log") }
calls("exit|quick_exit|abort") && FILENAME !~ /^server\/(cmd\/|main[.]c)/ &&
FILENAME !~ /^server\/base\/err[.]c$/ { report("only main and commands end the process") }
calls("fiber_park") &&
FILENAME !~ /^server\/(base\/fiber|net\/(beside|child|fetch|loop|ws_wait)|kube\/forward|mcp\/(ask|task)|diagnose\/diagnose_probe)[.][ch]$/ {
    report("who parks a fiber is listed in ARCHITECTURE.md: fetch, nap, a question, a probe, a WebSocket, a program, a port of a pod, work side by side")
}
code ~ /(^|[^A-Za-z0-9_])MODE_(READ_ONLY|DRY_RUN|APPROVE|AUTO)([^A-Za-z0-9_]|$)/ && FILENAME !~ /^server\/(policy|config)\// {
    report("what a mode lets through is decided by policy/policy.h")
}
code ~ /(^|[^A-Za-z0-9_])goto[ \t]/ { report("no goto: return early, memory is in an arena") }
code ~ /^[ \t]*typedef[ \t]+(struct|union|enum)/ { report("no typedef for a struct") }
