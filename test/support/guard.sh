# Kills process groups once whoever reads its standard input to it is gone, be it by SIGKILL. Lines it understands:
#   guard GROUP    kill this process group at the end of the input
#   forget GROUP   it has ended by itself; its number may soon be somebody else's
# Started in a session of its own, so that no Ctrl-C reaches it; ignores what a shutdown sends before SIGKILL.
trap '' HUP INT QUIT TERM PIPE TSTP
groups=
while read -r verb group; do
  kept=
  for known in $groups; do
    [ "$known" = "$group" ] || kept="$kept $known"
  done
  groups=$kept
  [ "$verb" = guard ] && groups="$groups $group"
done
for group in $groups; do
  kill -s KILL -- "-$group" 2>/dev/null
done
