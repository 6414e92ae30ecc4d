export * from './outbound-http.js';
export { AddressRefused, isPublicAddress } from './address-guard.js';
