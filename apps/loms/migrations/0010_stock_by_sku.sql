-- What warehouses look at: the ledger of a SKU, newest first, and who holds it. The one on the ledger is paid for by every
-- order: two entries more for each of its lines.
create index reservation_ledger_by_sku on reservation_ledger (sku, recorded_at);
create index stock_receipts_by_sku on stock_receipts (sku, received_at);
create index stock_returns_by_sku on stock_returns (sku, recorded_at);
