/* audit.h - what is configured of the audit: where its lines go, too, and how long they stay. */
#pragma once

struct config_header {
    const char *name, *value; /* the value is a secret, learnt by the scrubber */
};

struct config_audit {
    const char *ship; /* "file:PATH", "syslog", "syslog:SOCKET", "otlp:URL"; NULL: nowhere */
    const struct config_header *headers; /* of otlp; ended by { 0 }; never NULL */
    const char *ca_file;                 /* of otlp; NULL: the system's */
    double segment_lines;                /* a segment is closed with so many, … */
    double segment_days;                 /* … or after that time; 0: not by time */
    double keep_days;                    /* lines of closed ones that are older go; 0: never */
};
