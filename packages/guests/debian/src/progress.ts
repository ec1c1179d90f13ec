/**
 * One report of {@link prepareDebian}. `done` and `total` are bytes in the step `download` and parts in a hundred
 * elsewhere; the steps come in this order, and a step that has nothing to do is not reported.
 */
export type Progress =
  /** Another process prepares the same cache; this one waits for it. */
  | { readonly step: 'wait'; readonly message: string }
  /** Asks the mirror for the newest versions. */
  | { readonly step: 'update'; readonly message: string; readonly done?: number; readonly total?: number }
  | { readonly step: 'download'; readonly message: string; readonly done: number; readonly total: number }
  | { readonly step: 'build'; readonly message: string; readonly done?: number; readonly total?: number }
  /** The mirror could not be asked; what was prepared earlier is used. */
  | { readonly step: 'offline'; readonly message: string }
  | { readonly step: 'ready'; readonly message: string };

export type ReportProgress = (progress: Progress) => void;
