#!/bin/sh
# build-assets.sh [VERSION]   makes a folder for KUBEBUILDER_ASSETS and prints its path: kube-apiserver and
# kube-controller-manager of that Kubernetes, and the etcd that goes with it, built from their Go modules (about 8 minutes on
# 2 cores, once a machine). For who has no envtest (setup-envtest) at hand; needs Go, as new as that Kubernetes asks for.
set -eu
version=v${1:-1.36.1}
out=${XDG_CACHE_HOME:-$HOME/.cache}/berth-kube/$version
if [ -e "$out/kube-controller-manager" ]; then
  echo "$out"
  exit
fi
command -v go >/dev/null || {
  echo "build-assets.sh: no go on PATH: install Go (https://go.dev/dl), or set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver" >&2
  exit 1
}
work=$(mktemp -d)
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT
# What a shell has set for other projects does not count here.
export GOFLAGS=-mod=mod GOWORK=off CGO_ENABLED=0
cd "$work"

# Its own libraries are beside it in the repository, not in the module: they are modules of the same release.
source=$(go mod download -json "k8s.io/kubernetes@$version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
cp -R "$source" kubernetes
chmod -R u+w kubernetes
cd kubernetes
rm -rf vendor
for module in $(sed -n 's|^\t\(k8s.io/[a-z-]*\) => ./staging/.*|\1|p' go.mod); do
  go mod edit -dropreplace="$module" -replace="$module=$module@v0.${version#v1.}"
done
stamp=k8s.io/component-base/version
minor=${version#v1.}
flags="-s -w -X $stamp.gitVersion=$version -X $stamp.gitMajor=1 -X $stamp.gitMinor=${minor%%.*}"
mkdir -p "$out"
go build -trimpath -ldflags "$flags" -o "$work/built/" ./cmd/kube-apiserver ./cmd/kube-controller-manager >&2
go build -trimpath -ldflags '-s -w' -o "$work/built/etcd" go.etcd.io/etcd/server/v3 >&2

# The one that is looked for above comes last: a folder is whole or not there.
mv "$work/built/etcd" "$work/built/kube-apiserver" "$work/built/kube-controller-manager" "$out/"
echo "$out"
