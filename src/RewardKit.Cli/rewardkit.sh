#!/bin/sh
# Starts the host that lies in the folder `host` beside this file.
# Idle threads sleep instead of spinning: as fast on a quiet machine, many times faster on a busy one. libgomp reads
# this when it is loaded, so it cannot be set later.
export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-passive}"
exec "$(dirname "$(readlink -f "$0")")/host/rewardkit" "$@"
