/**
 * Rate limits: a token bucket over injected time.
 *
 * @module
 */
export {};
