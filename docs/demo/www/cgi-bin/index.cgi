#!/bin/sh
# `?slow=5` takes five seconds, to watch what becomes of open requests.
case $QUERY_STRING in slow=[1-9] | slow=[1-9][0-9]) sleep "${QUERY_STRING#slow=}" ;; esac
if [ $((RANDOM % 100)) -lt "$FAILS" ]; then
    printf 'HTTP/1.0 500 Internal Server Error\r\nContent-Type: text/plain\r\n\r\n%s failed\n' "$RELEASE"
else
    printf 'Content-Type: text/plain\r\n\r\n%s\n' "$RELEASE"
fi
