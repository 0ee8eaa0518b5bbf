#!/usr/bin/env bash
# The Debian package, which `make deb` left in $BUILD/deb: lintian, then a bare
# system into which it is installed, in which it counts as its own user, is
# upgraded, removed and purged. Root, debootstrap and the network are needed;
# systemd is not, and so is only asked to judge the unit.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

BUILD=$(realpath -m "${BUILD:-build}")
deb=$(ls "$BUILD"/deb/terkait_*.deb)
bare=$BUILD/deb/bare
room=$BUILD/deb/room
conf=/etc/terkait/terkait.conf
stack=deb-$$
pid=

finish() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null
    scripts/stack down --dir "$BUILD/stack" --name "$stack" >/dev/null 2>&1
    rm -rf "$room" "$BUILD/deb/part"
}
trap finish EXIT
trap 'exit 130' INT TERM

inside() {
    chroot "$room" env DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@" </dev/null
}

# repack VERSION: the same package, called newer.
repack() {
    rm -rf "$BUILD/deb/part"
    dpkg-deb -R "$deb" "$BUILD/deb/part" &&
        sed -i "s/^Version: .*/Version: $1/" \
            "$BUILD/deb/part/DEBIAN/control" &&
        dpkg-deb --root-owner-group -b "$BUILD/deb/part" "$room/newer.deb" &&
        rm -r "$BUILD/deb/part"
}

# await COMMAND...: for half a minute.
await() {
    for _ in {1..300}; do
        ! "$@" >/dev/null 2>&1 || return 0
        sleep 0.1
    done
    cat "$BUILD/deb/run.log"
    return 1
}

brings() {
    grep -q " \./$1\$" <<<"$listing"
}

field() {
    dpkg-deb -f "$deb" "$1"
}

equal "the version is the program's" "$(cat VERSION)" "$(field Version)"
equal "lintian finds nothing" "" \
    "$(lintian -I --pedantic --allow-root --fail-on none "$deb" 2>&1)"
equal "one file is the keeper's" "$conf" "$(dpkg-deb -I "$deb" conffiles)"
listing=$(dpkg-deb -c "$deb")
for path in usr/bin/terkait lib/systemd/system/terkait.service \
    usr/share/man/man1/terkait.1.gz usr/share/man/man5/terkait.conf.5.gz \
    usr/share/bash-completion/completions/terkait \
    usr/share/zsh/vendor-completions/_terkait \
    usr/share/doc/terkait/examples/prometheus-alerts.yml; do
    check "it brings $path" brings "$path"
done

if [ "$(id -u)" -ne 0 ]; then
    skip "installed into a bare system" "not root"
    done_testing
fi
if [ ! -e "$bare/complete" ]; then
    rm -rf "$bare"
    check "a bare system" debootstrap --variant=minbase \
        "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$bare"
    [ "$tap_failed" = 0 ] || done_testing
    touch "$bare/complete"
fi
rm -rf "$room"
cp -a "$bare" "$room"
printf '#!/bin/sh\nexit 101\n' >"$room/usr/sbin/policy-rc.d"
chmod 755 "$room/usr/sbin/policy-rc.d"
cp "$deb" "$room/first.deb"

inside apt-get -q update >/dev/null 2>&1
check "it is installed, with what it depends on" \
    inside apt-get -q -y --no-install-recommends install /first.deb
equal "it runs there" "terkait $(cat VERSION)" "$(inside terkait --version)"
check "its user has no shell and no home" \
    inside sh -c 'getent passwd terkait | grep ":/nonexistent:/usr/sbin/nologin$"'
equal "its settings are for root and that user" "root terkait 640" \
    "$(inside stat -c '%U %G %a' "$conf")"
check "and right" inside terkait check-config -c "$conf"
check "the service is enabled" test -L \
    "$room/etc/systemd/system/multi-user.target.wants/terkait.service"

unit=$room/lib/systemd/system/terkait.service
if command -v systemd-analyze >/dev/null; then
    # Its paths are those of the room.
    sed "s# /usr/bin/terkait run# $room/usr/bin/terkait run#
        s#=/usr/bin/terkait#=$room/usr/bin/terkait#
        /^Documentation/d" "$unit" >"$room/terkait.service"
    equal "systemd finds nothing wrong with the unit" "" \
        "$(systemd-analyze verify "$room/terkait.service" 2>&1 |
            grep -F terkait.service)"
    check "and thinks it well shut in" systemd-analyze security \
        --offline=true --threshold=20 "$room/terkait.service"
else
    skip "systemd on the unit" "no systemd-analyze"
fi

check "Kafka and Redis" scripts/stack up --dir "$BUILD/stack" --name "$stack"
eval "$(scripts/stack env --dir "$BUILD/stack" --name "$stack")"
sed -i "s#127.0.0.1:9092#$KAFKA_BROKERS#; s#redis://127.0.0.1:6379/0#$REDIS_URL#
    s#127.0.0.1:9464#127.0.0.1:$((REDIS_PORT + 1))#
    s#min_support = 2#min_support = 1#" "$room$conf"
check "the settings can be changed" inside terkait check-config -c "$conf"
# What the unit says, as the user that it says.
mapfile -t start < <(sed -n 's/^ExecStart=//p' "$unit" | tr ' ' '\n')
user=$(sed -n 's/^User=//p' "$unit")
equal "the unit names a user" terkait "$user"
chroot --userspec="$user:$user" "$room" "${start[@]}" \
    >"$BUILD/deb/run.log" 2>&1 </dev/null &
pid=$!
check "it starts as that user and reads those settings" \
    await packaging/healthy "$((REDIS_PORT + 1))"
for item in kopi filter; do
    echo "v1|{\"type\":\"page_view\",\"visitor\":\"v1\",\"item\":\"$item\"}"
done | kcat -b "$KAFKA_BROKERS" -t events -P -K '|'
check "and makes lists" await sh -c \
    "redis-cli -u $REDIS_URL GET 'terkait:related:{kopi}:also_viewed:24h' |
        grep -q filter"
check "which its commands show" inside \
    terkait related -c "$conf" kopi
kill "$pid"
wait "$pid"
equal "SIGTERM ends it in order" 0 $?
pid=
refuse "without its process it is not healthy" \
    packaging/healthy "$((REDIS_PORT + 1))"

before=$(md5sum <"$room$conf")
chmod 600 "$room$conf"
check "a newer one is made" repack "$(cat VERSION)+newer"
check "it is upgraded" inside dpkg -i /newer.deb
equal "the settings are as they were" "$before" "$(md5sum <"$room$conf")"
equal "and so is who may read them" "root terkait 600" \
    "$(inside stat -c '%U %G %a' "$conf")"
check "it is removed" inside dpkg -r terkait
refuse "and gone" test -e "$room/usr/bin/terkait"
check "but for the settings" test -e "$room$conf"
check "it is purged" inside dpkg -P terkait
refuse "and so are they" test -e "$room/etc/terkait"
refuse "and its user" inside getent passwd terkait
equal "nothing is left of it" "" "$(find "$room/etc" "$room/usr" "$room/lib/" \
    "$room/var" -name '*terkait*' ! -path '*/apt/*' ! -path '*/log/*')"
done_testing
