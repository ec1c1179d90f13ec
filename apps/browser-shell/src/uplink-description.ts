/** Where the server describes its uplink, as JSON of {@link UplinkDescription}. */
export const UPLINK_PATH = '/uplink/description.json';

/** Whether the server lets machines of the page into its host's network. */
export type UplinkDescription =
  /** It does not, unless it is told to: see the README. */
  | { readonly state: 'off' }
  | {
      readonly state: 'ready';
      /** Of the WebSocket on the same origin. */
      readonly path: string;
      readonly token: string;
    };
