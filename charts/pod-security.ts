import type { k8s } from "cdk8s-plus-34";

/**
 * The Restricted pod security standard, which the namespace enforces: https://kubernetes.io/docs/concepts/security/pod-security-standards/
 * `user` owns the volumes too.
 */
export function restrictedPod(user: number): k8s.PodSecurityContext {
  return {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: user,
    fsGroup: user,
    // A large volume is not walked through at every start when its root already has the right group.
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  };
}

/** The same standard for a container; its root file system is never written. */
export const restrictedContainer: k8s.SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};
