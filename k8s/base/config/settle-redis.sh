#!/bin/sh
# Brings Redis's append-only file into a state that a start can trust: settle-redis.sh redis.conf
#
# A crash in the middle of a write tears the last transaction. Redis 7.0 cuts the file after the last
# whole command, which may lie inside the transaction; what it appends then nests in that open
# transaction, and the start after that applies the torn half. A start that writes nothing, and the
# next one, drop an open transaction at the end of the file whole. So Redis is started once where
# nobody reaches it, and killed, before it is started for the services.
# (Guarded by RedisCrashTest.HalfACommitInTheFileIsNoCommit in common/store.)
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# Without the users of the network: the one on this socket may ask whether the file has been read.
redis-server "$1" --port 0 --tls-port 0 --unixsocket "$folder/redis.sock" --aclfile '' &
redis=$!
until [ "$(redis-cli -s "$folder/redis.sock" PING 2>/dev/null)" = PONG ]; do
  kill -0 "$redis"
  sleep 0.02
done
kill -9 "$redis"
