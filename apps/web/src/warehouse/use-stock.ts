import { useInfiniteQuery, useQuery } from "@connectrpc/connect-query";
import { InventoryService } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { LomsService, type StockLevel } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { keepPreviousData } from "@tanstack/react-query";
import { useTopic } from "../feed/use-topic.ts";
import { useReadAnew } from "../read-anew.ts";

const { listStock, listStockHolds, listStockMovements, getStockTrend } = InventoryService.method;

/** All that shows stock. */
const shown = [
  listStock,
  listStockHolds,
  listStockMovements,
  getStockTrend,
  LomsService.method.listStockLevels,
];

/** What moves with every order. The trend is read anew with the page only. */
const live = [listStock, listStockHolds, listStockMovements];

const pageSize = 200;
const foundMax = 100;
/** The most names that one call tells. */
const namesMax = 500;

/** Reads all stock anew, after something was received. */
export function useStockReader(): () => Promise<void> {
  return useReadAnew(shown);
}

/** What is searched for: a SKU, or words of a product's name. */
export interface StockSearch {
  readonly text: string;
  readonly warehouseId: bigint;
}

/** What the warehouses have, live. */
export function useStock({ text, warehouseId }: StockSearch) {
  const isSku = /^\d{1,10}$/.test(text);
  const hasWords = text !== "" && !isSku;
  const found = useQuery(
    ProductService.method.listProducts,
    { query: text, pageSize: foundMax },
    { enabled: hasWords, placeholderData: keepPreviousData },
  );
  const skus = isSku ? [Number(text)] : (found.data?.products.map(({ sku }) => sku) ?? []);
  const findsNothing = hasWords && found.data !== undefined && skus.length === 0;
  const query = useInfiniteQuery(
    listStock,
    { skus: text === "" ? [] : skus, warehouseId, pageSize, pageToken: "" },
    {
      pageParamKey: "pageToken",
      getNextPageParam: (page) => (page.nextPageToken === "" ? undefined : page.nextPageToken),
      placeholderData: keepPreviousData,
      enabled: !hasWords || skus.length > 0,
    },
  );
  useTopic("orders", { touches: live });
  const levels = findsNothing ? [] : (query.data?.pages.flatMap(({ stockLevels }) => stockLevels) ?? []);
  return {
    query: findsNothing ? { ...query, data: { pages: [], pageParams: [] }, error: null } : query,
    levels,
    names: useNames(levels),
    hasMore: query.hasNextPage,
    loadMore: () => {
      if (query.hasNextPage && !query.isFetchingNextPage && !query.isPlaceholderData) {
        void query.fetchNextPage();
      }
    },
  };
}

/** What products are called, as far as the catalogue knows them. */
function useNames(levels: readonly StockLevel[]): ReadonlyMap<number, string> {
  const skus = [...new Set(levels.map(({ sku }) => sku))];
  const first = useQuery(
    ProductService.method.batchGetProducts,
    { skus: skus.slice(0, namesMax) },
    { enabled: skus.length > 0, placeholderData: keepPreviousData },
  );
  // Further down, those of the rows that were loaded last.
  const last = useQuery(
    ProductService.method.batchGetProducts,
    { skus: skus.slice(-namesMax) },
    { enabled: skus.length > namesMax, placeholderData: keepPreviousData },
  );
  return new Map(
    [...(first.data?.products ?? []), ...(last.data?.products ?? [])].map(({ sku, name }) => [sku, name]),
  );
}

/** One SKU with who holds it and what happened to it, live. */
export function useSku(sku: number, warehouseId: bigint) {
  const enabled = sku > 0;
  const parts = {
    levels: useQuery(listStock, { skus: [sku] }, { enabled }),
    holds: useQuery(
      listStockHolds,
      { holdsOf: { case: "sku", value: sku }, warehouseId, pageSize: 200 },
      { enabled },
    ),
    movements: useInfiniteQuery(
      listStockMovements,
      { sku, warehouseId, pageSize: 50, pageToken: "" },
      {
        pageParamKey: "pageToken",
        getNextPageParam: (page) => (page.nextPageToken === "" ? undefined : page.nextPageToken),
        placeholderData: keepPreviousData,
        enabled,
      },
    ),
    trend: useQuery(getStockTrend, { sku, warehouseId }, { enabled, retry: false }),
    product: useQuery(ProductService.method.getProduct, { sku }, { enabled, retry: false }),
  };
  useTopic("orders", { touches: live });
  return parts;
}
