/** What the owner of a channel hears. */
export interface ChannelHandlers {
  /** A message, as it came: not checked yet. */
  message(message: unknown): void;
  /** Nothing comes any more; called once. The reason is there when something was wrong. */
  closed(reason?: string): void;
}

/** A way for messages between a cell and its host: in order, none twice, none lost until it closes. */
export interface CellChannel {
  /** Bytes that were sent and have not left yet, as far as the channel knows. */
  readonly backlog: number;
  /** Begins to deliver. Once. */
  listen(handlers: ChannelHandlers): void;
  /** Plain data and byte arrays. Does nothing once the channel is closed. */
  send(message: object): void;
  /** Both sides hear of it, this one by no call. */
  close(): void;
}

/** As much of a message port as Node's and browsers' have in common. */
export interface MessagePortLike {
  postMessage(message: unknown): void;
  addEventListener(type: 'message' | 'close', listener: (event: object) => void): void;
  start?(): void;
  close(): void;
}

/** A channel over a message port: to a worker, of Node or of a browser. */
export const portChannel = (port: MessagePortLike): CellChannel => {
  let open = true;
  return {
    backlog: 0,
    listen: (handlers) => {
      port.addEventListener('message', (event) => {
        if (open) handlers.message((event as { readonly data: unknown }).data);
      });
      // Browsers do not tell; there, whoever made the worker knows when it is gone.
      port.addEventListener('close', () => {
        if (!open) return;
        open = false;
        handlers.closed();
      });
      port.start?.();
    },
    send: (message) => {
      if (open) port.postMessage(message);
    },
    close: () => {
      open = false;
      port.close();
    },
  };
};
