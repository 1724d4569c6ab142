#!/usr/bin/env bash
# Nightly check from cron. FOLDER holds noiseaudit.toml; results and logs are kept there.
#
#   15 3 * * *  /srv/noise/cron.sh /srv/exports/decisions.csv /srv/noise
#
# Prints nothing where all passed, so cron mails nothing. Ends with the exit code of the check:
# 0 passed, 1 failed, 4 cannot be judged, 2 or 3 the check did not run; 75: last night's is still running.
set -u
umask 077
[ $# -eq 2 ] || { echo "usage: cron.sh EXPORT FOLDER" >&2; exit 2; }
export_file=$(realpath "$1") || exit 2
cd "$2" || exit 2

exec 9>.lock
flock --nonblock 9 || { echo "noise check: an earlier one is still running"; exit 75; }

mkdir -p log
log=log/$(date +%F).log
baseline=; [ -f baseline.json ] && baseline=baseline.json
rm -f tonight.json
noiseaudit check "$export_file" --config noiseaudit.toml ${baseline:+--baseline "$baseline"} \
  --junit check.xml --output tonight.json >"$log" 2>&1
code=$?

case $code in
  0) mv tonight.json passed.json ;;
  1) echo "noise check: FAILED"; cat "$log"
     [ -f passed.json ] && noiseaudit compare passed.json tonight.json
     mv tonight.json failed.json ;;
  4) echo "noise check: cannot be judged"; cat "$log"
     mv tonight.json unknown.json ;;
  *) echo "noise check: did not run (exit $code); yesterday's results stand"; cat "$log" ;;
esac
exit $code
