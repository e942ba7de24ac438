# What people type at a served cluster; `serve_kubectl.rs` runs it with the oldest and the newest kubectl and keeps what
# they print. KUBECTL and SIM are the programs, FOLDER is a place for files.
set -o pipefail
export TZ=UTC

kubectl() { command "$KUBECTL" "$@"; }
ctl() { command "$SIM" ctl "$@" > /dev/null; }
# Shows a command, what it prints, and its code where that is not 0.
run() {
  printf '\n$ %s\n' "$1"
  eval "$1" 2>&1 || printf '[exit %s]\n' "$?"
}
# kubectl counts ages of what it describes by the person's clock: the cluster's 2019 is long ago.
aged() { sed -E 's/[0-9]+y([0-9]+d)?/AGE/g; s/ +/ /g; s/ $//'; }

cd "$FOLDER" || exit 1
cat > web.yaml <<'END'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: nginx, image: nginx, env: [{name: A, value: a}], resources: {requests: {cpu: 100m}}}]
END
sed 's/{name: A, value: a}/{name: B, value: b}, {name: A, value: z}/' web.yaml > changed.yaml
sed 's/replicas:/replicaz:/' web.yaml > misspelled.yaml
cat > settings.yaml <<'END'
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: blue}
END
cat > widgets.yaml <<'END'
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets, singular: widget, shortNames: [wd]}
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
    schema:
      openAPIV3Schema:
        description: A widget of the shop.
        type: object
        properties:
          spec:
            description: What it is like.
            type: object
            required: [size]
            properties: {size: {description: Its size in units., type: integer}}
END
cat > gadgets.yaml <<'END'
apiVersion: apiextensions.k8s.io/v1beta1
kind: CustomResourceDefinition
metadata: {name: gadgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  version: v1
  names: {kind: Gadget, plural: gadgets}
  subresources:
    status: {}
    scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
  additionalPrinterColumns: [{name: Wanted, type: integer, JSONPath: .spec.replicas}]
  validation:
    openAPIV3Schema:
      type: object
      properties:
        spec: {type: object, properties: {replicas: {type: integer, minimum: 1}}}
END
cat > gadget.yaml <<'END'
apiVersion: example.com/v1
kind: Gadget
metadata: {name: tiny}
spec: {replicas: 2, colour: red}
END
cat > widget.yaml <<'END'
apiVersion: example.com/v1
kind: Widget
metadata: {name: small}
spec: {size: 1}
END
cat > budget.yaml <<'END'
apiVersion: policy/v1beta1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 2, selector: {matchLabels: {app: web}}}
END

# The article.
run 'kubectl get pods -o wide --all-namespaces'
pod=$(kubectl get pods -n kube-system -o name | grep calico-kube-controllers)
run 'kubectl describe $pod -n kube-system | aged'
run 'kubectl get replicaset --all-namespaces'
run 'kubectl logs $pod -n kube-system'
run 'kubectl get events -n kube-system'
run 'kubectl events -n kube-system --for $pod | aged'
run 'kubectl describe node kubemaster | aged'
kubectl get pods -n kube-system -l k8s-app=kube-dns --no-headers -w > watched &
watching=$!
sleep 1
run 'kubectl taint nodes kubemaster node.cloudprovider.kubernetes.io/uninitialized=true:NoSchedule-'
run 'kubectl taint nodes kubemaster node-role.kubernetes.io/master:NoSchedule-'
run 'kubectl taint nodes kubeworker node.cloudprovider.kubernetes.io/uninitialized=true:NoSchedule-'
sleep 0.5
ctl advance 5m
run 'kubectl get pods --all-namespaces'
for _ in $(seq 50); do grep -q Running watched && break; sleep 0.1; done
sleep 0.3
kill $watching
run 'cat watched'

# Workloads.
run 'kubectl create -f web.yaml'
run 'kubectl create -f web.yaml'
ctl advance 1m
run 'kubectl rollout status deployment web --timeout=20s'
run 'kubectl get deployments,rs -o wide'
run 'kubectl scale deployment web --replicas=3'
run 'kubectl label deployment web tier=front'
run 'kubectl annotate deployment web note=x'
run "EDITOR='sed -i -e s/replicas:.3/replicas:\ 1/' kubectl edit deployment web"
run "kubectl get deployment web -o jsonpath='{.spec.replicas} {.metadata.labels.tier}{\"\\n\"}'"
run 'kubectl get deployment web -o custom-columns=NAME:.metadata.name,REPLICAS:.spec.replicas'
run 'kubectl delete deployment web --cascade=foreground --wait=false'
ctl advance 1m
run 'kubectl apply -f web.yaml'
run 'kubectl apply -f web.yaml'
run "kubectl diff -f changed.yaml | grep '^[-+] '"
run 'kubectl apply -f changed.yaml'
run "kubectl get deployment web -o jsonpath='{.spec.template.spec.containers[0].env}{\"\\n\"}'"
run 'kubectl apply -f misspelled.yaml'
run 'kubectl apply -f misspelled.yaml --validate=false --dry-run=server'
run 'kubectl apply --server-side -f settings.yaml'
run 'kubectl get configmap settings -o yaml'
run 'sed s/blue/green/ settings.yaml | kubectl apply --server-side --field-manager=other -f -'
run 'sed s/blue/green/ settings.yaml | kubectl apply --server-side --field-manager=other --force-conflicts -f -'
run 'kubectl delete -f settings.yaml'
run 'kubectl wait --for=condition=Ready node/kubemaster --timeout=20s'
run 'kubectl wait --for=condition=Ready pod/nobody --timeout=1s'

# Nodes.
ctl advance 1m
run 'kubectl create -f budget.yaml'
ctl advance 1s
run 'kubectl cordon kubeworker'
run 'kubectl get nodes'
run 'kubectl uncordon kubeworker'
# The budget is in the way until it is taken away.
nodes=$(kubectl get pods -l app=web -o jsonpath='{.items[*].spec.nodeName}' | tr ' ' '\n' | sort -u)
(sleep 1.5; kubectl delete poddisruptionbudget web; ctl resume --speed 60x) > /dev/null &
run 'kubectl drain $nodes --pod-selector=app=web --timeout=40s 2>&1 | sed -E "s/web-[0-9a-z]+-[0-9a-z]+/WEB/" | sort -u'
wait
ctl pause
run 'kubectl uncordon $nodes'

# Custom resources.
run 'kubectl apply -f widgets.yaml'
run 'kubectl wait --for=condition=Established crd/widgets.example.com --timeout=2s'
run 'kubectl apply -f widget.yaml'
run 'kubectl get wd'
run 'kubectl explain widget.spec'
run 'kubectl patch widget small --type=merge -p "{\"spec\":{\"size\":2}}"'
run 'kubectl get widget small -o yaml | grep -A9 ^spec'
run 'sed s/1}/big}/ widget.yaml | kubectl replace -f - --validate=false'
run 'kubectl patch widget small --type=merge -p "{\"spec\":{\"size\":null}}"'
run 'kubectl patch widget small --type=merge -p "{\"spec\":{\"weight\":3}}"'
run 'kubectl apply -f gadgets.yaml'
run 'kubectl create -f gadget.yaml'
run 'kubectl scale gadget tiny --replicas=3'
run 'kubectl scale gadget tiny --replicas=0'
run 'kubectl get gadgets'
run "kubectl get gadget tiny -o jsonpath='{.spec}{\"\\n\"}'"
run "kubectl get customresourcedefinitions.v1beta1.apiextensions.k8s.io gadgets.example.com -o jsonpath='{.spec.version} {.spec.subresources}{\"\\n\"}'"
run 'kubectl delete crd widgets.example.com gadgets.example.com'
run 'kubectl get widgets'

# Services.
run 'kubectl create deployment shop --image=nginx --port=80 --dry-run=client -o yaml | kubectl apply -f -'
run 'kubectl expose deployment shop'
run 'kubectl expose deployment shop --name=shop-outside --type=NodePort --port=8080 --target-port=80'
run 'kubectl create service clusterip db --clusterip=None'
run 'kubectl create service externalname far --external-name=example.com'
run 'kubectl create service clusterip here --tcp=80 --clusterip=10.233.0.99'
run 'kubectl create service clusterip here-too --tcp=80 --clusterip=10.233.0.99'
run 'kubectl create service loadbalancer front --tcp=443:8443'
run 'kubectl create service nodeport low --tcp=80 --node-port=80'
run 'kubectl get services -o wide | sed -E "s/ 4[0-9]m / AGE /"'
run 'kubectl describe service shop-outside'
run "kubectl patch service shop -p '{\"spec\":{\"clusterIP\":\"10.96.0.1\"}}'"
run 'kubectl delete service shop shop-outside db far here front'
run 'kubectl delete deployment shop'

# What a new user tries.
run 'kubectl create deployment try --image=nginx --replicas=3'
ctl advance 1m
run 'kubectl set image deployment/try nginx=nginx:2'
run 'kubectl rollout pause deployment try'
run 'kubectl rollout undo deployment try 2>&1 | cut -d"'"'"'" -f1'
run 'kubectl rollout resume deployment try'
ctl advance 1m
run 'kubectl set resources deployment try --limits=cpu=200m'
ctl advance 1m
run 'kubectl rollout history deployment try'
run 'kubectl rollout undo deployment try --to-revision=1'
run 'kubectl rollout restart deployment try'
ctl advance 1m
run 'kubectl rollout status deployment try'
run 'kubectl autoscale deployment try --min=1 --max=3 --cpu-percent=50 2>&1 | grep -v deprecated'
run 'kubectl get hpa try --no-headers | cut -d" " -f1'
run 'kubectl delete hpa try'
tried=$(kubectl get pods -l app=try -o name | head -1)
run 'kubectl exec $tried -- true'
run 'kubectl attach $tried 2>&1 | tail -1'
run 'kubectl port-forward $tried 0:80'
run 'kubectl debug $tried --image=busybox 2>&1 | tail -1'
run "kubectl get pods -l app=try -o go-template='{{range .items}}{{.status.phase}} {{end}}{{\"\\n\"}}'"
run 'kubectl get pods -A --chunk-size=3 --no-headers | wc -l'
run 'kubectl delete deployment try --cascade=orphan'
run 'kubectl delete replicasets,pods -l app=try --wait=false | wc -l'
run 'kubectl create secret generic key --from-literal=a=b'
run 'kubectl get secret key'
for name in c1 c2 c3; do printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, labels: {set: one}}\n' $name; done > maps.yaml
run 'kubectl apply -f maps.yaml --prune -l set=one 2>&1 | grep -v Deprecated'
head -8 maps.yaml > two.yaml && mv two.yaml maps.yaml
run 'kubectl apply -f maps.yaml --prune -l set=one 2>&1 | grep -v Deprecated'
run 'kubectl replace --force -f maps.yaml'
run 'kubectl delete -f maps.yaml'
run 'kubectl wait --for=delete configmap/c1 --timeout=1s'

# Questions.
run 'kubectl explain pod.spec.tolerations'
run 'kubectl explain deployment.spec.strategy --recursive'
run 'kubectl explain pod.spec.nothing'
run 'kubectl auth can-i delete nodes'
run 'kubectl top nodes'
run 'kubectl top pods'
run 'kubectl api-resources'
run 'kubectl api-versions'
run 'kubectl create token default -n kube-system | cut -d. -f1'
run 'kubectl get pod nobody'
run 'kubectl exec $pod -n kube-system -- true'
run 'kubectl create namespace shop'
run 'kubectl delete namespace shop'
run 'kubectl delete namespace kube-public'
run 'kubectl get namespaces -o name'
exit 0
