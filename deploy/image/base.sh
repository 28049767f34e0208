#!/usr/bin/env bash
# A base image without a registry: the few Debian packages that a JVM and ONNX Runtime need, and this machine's JDK 25 cut down
# by jlink. No shell, no package manager. Needs Debian or Ubuntu; not root.
#
#   deploy/image/base.sh base.tar
#   mvn -Pimage -pl hasten-cli -am package -Dmaven.test.skip=true -Dimage.base=tar://$PWD/base.tar
set -euo pipefail
out=$(realpath -m "${1:?usage: base.sh OUT.tar}")
jdk=${JAVA_HOME:?JAVA_HOME: not set (expected: a JDK 25)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/debs" "$work/files"

(cd "$work/debs" && apt-get download -q libc6 libgcc-s1 libstdc++6 zlib1g base-files tzdata >/dev/null)
for deb in "$work"/debs/*.deb; do
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$work/files" --exclude './usr/share/doc*' --exclude './usr/share/locale*' --exclude './usr/lib/*/gconv*'
done

"$jdk/bin/jlink" --output "$work/files/opt/java" --strip-debug --no-man-pages --no-header-files \
  --add-modules java.se,jdk.unsupported,jdk.crypto.ec,jdk.management,jdk.zipfs,jdk.localedata --include-locales en

cd "$work/files"
echo 'hasten:x:65532:65532::/tmp:/nonexistent' >etc/passwd
echo 'hasten:x:65532:' >etc/group
echo 'hosts: files dns' >etc/nsswitch.conf
mkdir -p tmp models jobs
chmod 1777 tmp
chmod 777 jobs

tar -c --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -f "$work/layer.tar" .
cd "$work"
digest=$(sha256sum layer.tar | cut -d' ' -f1)
arch=$(dpkg --print-architecture)
cat >config.json <<JSON
{"architecture": "$arch", "os": "linux",
 "config": {"Env": ["PATH=/opt/java/bin", "JAVA_HOME=/opt/java"]},
 "rootfs": {"type": "layers", "diff_ids": ["sha256:$digest"]},
 "history": [{"created_by": "deploy/image/base.sh"}]}
JSON
cat >manifest.json <<JSON
[{"Config": "config.json", "RepoTags": ["hasten-base:latest"], "Layers": ["layer.tar"]}]
JSON
tar -c --sort=name --mtime=@0 -f "$out.part" manifest.json config.json layer.tar
mv "$out.part" "$out"
ls -l "$out"
