/**
 * Those whose weight entitles them to a whole pCPU, or more than that, of `pcpus`; `weight` is the sum of all weights,
 * also of those that are not asked about. What they cannot use, the others share, so one after the other is asked, the
 * heaviest first (A. Chandra et al., "Surplus Fair Scheduling", OSDI 2000, section 2.1).
 */
export const dedicated = <V extends { readonly id: number; readonly weight: number }>(
  vcpus: readonly V[],
  weight: number,
  pcpus: number,
): ReadonlySet<V> => {
  const entitled = new Set<V>();
  // Nearly always there is none, and no need to sort.
  if (!vcpus.some((vcpu) => vcpu.weight * pcpus >= weight)) return entitled;
  let left = weight;
  for (const vcpu of vcpus.toSorted((one, other) => other.weight - one.weight || one.id - other.id)) {
    const free = pcpus - entitled.size;
    if (free === 0 || vcpu.weight * free < left) break;
    entitled.add(vcpu);
    left -= vcpu.weight;
  }
  return entitled;
};
