/**
 * The one element with this `data-part` below `root`. The page and its script are one piece: a missing element is a bug.
 */
export const part = <Kind extends HTMLElement>(root: ParentNode, name: string, kind: new () => Kind): Kind => {
  const found = root.querySelector(`[data-part="${name}"]`);
  if (found instanceof kind) return found;
  throw new TypeError(`the page has no ${kind.name} as its part ${name}`);
};
