#!/bin/sh
# What a tutorial would write for fcgiwrap or as a CGI: see naive.c. POLICIES
# is a parameter that the web server sends.
file=$POLICIES/${HTTP_HOST#mta-sts.}.txt
if [ -f "$file" ]; then
    printf 'Content-Type: text/plain\r\n\r\n'
    cat "$file"
else
    printf 'Status: 404 Not Found\r\nContent-Type: text/plain\r\n\r\n'
    printf '404 Not Found\r\n'
fi
