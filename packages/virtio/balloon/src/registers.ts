/** Traditional memory balloon: features, configuration, queues and statistics (Virtual I/O Device 1.3, section 5.5), by the specification's names. */
export const VIRTIO_BALLOON_F_MUST_TELL_HOST = 1n << 0n;
export const VIRTIO_BALLOON_F_STATS_VQ = 1n << 1n;
export const VIRTIO_BALLOON_F_DEFLATE_ON_OOM = 1n << 2n;
export const VIRTIO_BALLOON_F_PAGE_POISON = 1n << 4n;
export const VIRTIO_BALLOON_F_PAGE_REPORTING = 1n << 5n;

/** Queues (section 5.5.2). */
export const INFLATEQ = 0;
export const DEFLATEQ = 1;
export const STATSQ = 2;
export const FREE_PAGE_VQ = 3;
export const REPORTING_VQ = 4;

/** Offsets in the configuration space (section 5.5.4). */
export const CONFIG = { num_pages: 0, actual: 4, free_page_hint_cmd_id: 8, poison_val: 12, length: 16 } as const;

/** Bytes of a page of the balloon, whatever the guest's pages are (section 5.5.6). */
export const PAGE = 4096;
/** Bytes of a page number in a request. */
export const PFN_SIZE = 4;

/** Bytes of a `virtio_balloon_stat`: le16 tag, le64 val (section 5.5.6.3). */
export const STAT_SIZE = 10;
