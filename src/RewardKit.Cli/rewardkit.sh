#!/bin/sh
# Starts the host that lies in the folder `host` beside this file.
exec "$(dirname "$(readlink -f "$0")")/host/rewardkit" "$@"
