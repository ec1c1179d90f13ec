/**
 * Learning Ethernet switch that machines of one process share.
 *
 * @module
 */
export {};
