/**
 * The host key of the simulated bank, so that a lanes file can pin it. A development value that everybody can read: it
 * protects nothing, and the simulator moves no real money. Its fingerprint is in examples/lanes.json.
 */
export const BANK_HOST_KEY = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACA3iyClxrEEbZwlsic/aR7TLG9F5rH3SYmrpmjOV+DdWQAAAKDe1OfY3tTn
2AAAAAtzc2gtZWQyNTUxOQAAACA3iyClxrEEbZwlsic/aR7TLG9F5rH3SYmrpmjOV+DdWQ
AAAEAH7k2Rexz/rxpdyw6CtkwXDBp/fXpb5e+nqIst05iShTeLIKXGsQRtnCWyJz9pHtMs
b0XmsfdJiaumaM5X4N1ZAAAAG3JhaWwgc2ltdWxhdG9yLCBkZXZlbG9wbWVudAEC
-----END OPENSSH PRIVATE KEY-----
`;
