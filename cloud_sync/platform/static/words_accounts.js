// Words of wallet, points, receipts and refunds.
export const ZH = {
};
export const EN = {
};
