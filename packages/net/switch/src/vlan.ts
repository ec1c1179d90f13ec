import type { NetFrame } from '@vivarium/contracts';
import {
  concatenate,
  EtherType,
  finishFrame,
  slicePieces,
  VLAN_TAG,
  type VlanTag,
  write16,
  writeVlanControl,
} from '@vivarium/net-packet';

/** The VLAN of ports that name none (IEEE 802.1Q, table 9-2). */
export const DEFAULT_VLAN = 1;
export const LAST_VLAN = 4094;

/** Where the tag is: behind the addresses. */
const TAG_START = 12;

/** Which VLANs a port is in, and how frames look there. */
export class VlanMembership {
  /** Frames without a tag belong to it, and leave without one. */
  readonly native: number;
  readonly #trunk: 'all' | ReadonlySet<number> | undefined;

  constructor(native: number, trunk: 'all' | readonly number[] | undefined) {
    this.native = native;
    this.#trunk = trunk === undefined || trunk === 'all' ? trunk : new Set(trunk);
  }

  has(vlan: number): boolean {
    return vlan === this.native || this.#trunk === 'all' || this.#trunk?.has(vlan) === true;
  }

  /** VLAN of a frame that enters here; undefined when it may not. VLAN 0 means "priority only" (section 9.6). */
  classify(tag: VlanTag | undefined): number | undefined {
    if (tag === undefined || tag.id === 0) return this.native;
    if (this.#trunk === undefined || tag.id > LAST_VLAN || !this.has(tag.id)) return undefined;
    return tag.id;
  }

  isTagged(vlan: number): boolean {
    return vlan !== this.native;
  }
}

const movedOffload = ({ offload }: NetFrame, by: number): Pick<NetFrame, 'offload'> => {
  if (offload?.checksum === undefined) return {};
  return { offload: { checksum: { ...offload.checksum, start: offload.checksum.start + by } } };
};

/**
 * Puts a tag behind the addresses, or takes it away, or changes its VLAN. Segments are cut first: drivers do not agree
 * on what a tag in a frame to be cut means. Nothing comes back when the frame's offload makes no sense.
 */
export const retag = (frame: NetFrame, from: VlanTag | undefined, to: number | undefined): readonly NetFrame[] => {
  if (from === undefined && to === undefined) return [frame];
  const cut = frame.offload?.segment === undefined ? [frame] : finishFrame(frame, { checksum: true });
  return cut.map((one) => retagged(one, from, to));
};

const retagged = (frame: NetFrame, from: VlanTag | undefined, to: number | undefined): NetFrame => {
  const rest = TAG_START + (from === undefined ? 0 : VLAN_TAG);
  const addresses = slicePieces(frame.pieces, 0, TAG_START);
  const payload = slicePieces(frame.pieces, rest, frame.length);
  const moved = (to === undefined ? 0 : VLAN_TAG) - (rest - TAG_START);
  const length = frame.length + moved;
  if (to === undefined) return { pieces: [...addresses, ...payload], length, ...movedOffload(frame, moved) };
  const head = concatenate([...addresses, new Uint8Array(VLAN_TAG)]);
  write16(head, TAG_START, EtherType.vlan);
  const { priority, dropEligible } = from ?? { priority: 0, dropEligible: false };
  writeVlanControl(head, TAG_START + 2, { id: to, priority, dropEligible });
  return { pieces: [head, ...payload], length, ...movedOffload(frame, moved) };
};
