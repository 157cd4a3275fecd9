import type { Construct } from "constructs";
import { k8s } from "cdk8s-plus-34";
import { filled } from "./filled.ts";
import { selectorOf, type PartName } from "./names.ts";
import { port } from "./resources.ts";

/** Who a part may speak to beside other parts. */
export type Outside = "api-server" | "internet" | "google-metadata";

type NetworkPolicyPeer = k8s.NetworkPolicyPeer;
type NetworkPolicyPort = k8s.NetworkPolicyPort;

interface Flow {
  readonly from: PartName;
  readonly to: PartName;
  readonly port: number;
}

/** Link-local addresses: node-local DNS caches, Cloud DNS and the metadata server of GKE are there. */
const LINK_LOCAL: NetworkPolicyPeer = { ipBlock: { cidr: "169.254.0.0/16" } };
const KUBE_DNS: NetworkPolicyPeer = {
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
};
const tcp = (number: number): NetworkPolicyPort => ({ protocol: "TCP", port: port(number) });
/** What clusters use, as seen behind the Service's address: GKE, kubeadm and kind, minikube, MicroK8s. */
const API_SERVER = [443, 6443, 8443, 16_443];
const DNS: NetworkPolicyPort[] = [{ protocol: "UDP", port: port(53) }, tcp(53)];

/**
 * Who speaks to whom, told once and made into one NetworkPolicy per part: the sender's egress and the receiver's ingress
 * come from the same sentence, so they cannot differ. What nobody told is denied.
 *
 * DNS needs the link-local range too: with Cloud DNS or a node-local cache on GKE the resolver is no pod, and a rule for
 * kube-dns alone drops every name (https://github.com/tektoncd/operator/issues/4000). The API server is no pod either and
 * cannot be selected: its port is opened to everywhere.
 */
export class Traffic {
  readonly #parts = new Map<PartName, Set<Outside>>();
  readonly #flows: Flow[] = [];
  readonly #open: Pick<Flow, "to" | "port">[] = [];

  /** `from` opens connections to `to`. */
  allow(from: PartName, to: PartName, toPort: number): void {
    this.add(from);
    this.add(to);
    this.#flows.push({ from, to, port: toPort });
  }

  /** A part, and what it needs of the outside. */
  add(part: PartName, ...outside: Outside[]): void {
    this.#parts.set(part, new Set([...(this.#parts.get(part) ?? []), ...outside]));
  }

  /** Anybody may connect: the API server, a load balancer. */
  open(to: PartName, toPort: number): void {
    this.add(to);
    this.#open.push({ to, port: toPort });
  }

  /** Makes the policies: everything denied, and what was told allowed. */
  render(scope: Construct): void {
    new k8s.KubeNetworkPolicy(scope, "deny-all", {
      metadata: { name: "deny-all" },
      spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
    });
    for (const part of [...this.#parts.keys()].sort()) {
      new k8s.KubeNetworkPolicy(scope, `policy-${part}`, {
        metadata: { name: part },
        spec: {
          podSelector: { matchLabels: selectorOf(part) },
          policyTypes: ["Ingress", "Egress"],
          // No list denies as an empty one would.
          ...filled({ ingress: this.#ingress(part) }),
          egress: this.#egress(part),
        },
      });
    }
  }

  #ingress(part: PartName): k8s.NetworkPolicyIngressRule[] {
    const inside = this.#flows.filter(({ to }) => to === part);
    return [
      ...[...Map.groupBy(inside, (flow) => flow.port)].map(([number, flows]) => ({
        from: peers(flows.map(({ from }) => from)),
        ports: [tcp(number)],
      })),
      ...this.#open.filter(({ to }) => to === part).map((each) => ({ ports: [tcp(each.port)] })),
    ];
  }

  #egress(part: PartName): k8s.NetworkPolicyEgressRule[] {
    const outside = this.#parts.get(part) ?? new Set();
    return [
      { to: [KUBE_DNS, LINK_LOCAL], ports: DNS },
      ...this.#flows
        .filter(({ from }) => from === part)
        .map((flow) => ({ to: peers([flow.to]), ports: [tcp(flow.port)] })),
      ...(outside.has("api-server") ? [{ ports: API_SERVER.map(tcp) }] : []),
      ...(outside.has("internet") ? [{ ports: [tcp(443)] }] : []),
      ...(outside.has("google-metadata") ? [{ to: [LINK_LOCAL], ports: [80, 987, 988].map(tcp) }] : []),
    ];
  }
}

function peers(names: readonly PartName[]): NetworkPolicyPeer[] {
  return [...new Set(names)].sort().map((name) => ({ podSelector: { matchLabels: selectorOf(name) } }));
}
