# The three commands of the article.
kubectl taint nodes kubemaster node.cloudprovider.kubernetes.io/uninitialized=true:NoSchedule-
kubectl taint nodes kubemaster node-role.kubernetes.io/master:NoSchedule-
kubectl taint nodes kubeworker node.cloudprovider.kubernetes.io/uninitialized=true:NoSchedule-
