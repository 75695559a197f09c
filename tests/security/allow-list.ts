import type { Caller } from "./callers.ts";

/** What becomes of a call: it gets to its handler, or it is refused with this code. */
export type Outcome = "let in" | "Unauthenticated" | "PermissionDenied" | "NotFound";

const everybody = ["owner", "other buyer", "seller", "platform", "operator"] as const;
const others = ["platform", "operator"] as const;
const anybody = [
  ...everybody,
  "checkout",
  "gateway",
  "payments",
  "notifications",
  "ordermesh",
  "none",
] as const;

/**
 * Who gets to the handler of each RPC, when it is about an object of "owner". Written by hand, beside the rules of the
 * contracts: whoever changes one of them has to mean it. "tables" is left out, because it is not built yet.
 */
export const allowList: Readonly<Record<string, readonly Caller[]>> = {
  "ordermesh.loms.v1.LomsService/CreateOrder": [...others, "checkout", "gateway"],
  "ordermesh.loms.v1.LomsService/BatchCreateOrders": [...others, "checkout", "gateway"],
  "ordermesh.loms.v1.LomsService/GetOrder": [
    "owner",
    "seller",
    ...others,
    "gateway",
    "payments",
    "notifications",
  ],
  "ordermesh.loms.v1.LomsService/ListOrders": ["owner", "seller", ...others, "gateway", "payments"],
  "ordermesh.loms.v1.LomsService/PayOrder": [...others, "payments"],
  "ordermesh.loms.v1.LomsService/CancelOrder": ["owner", ...others, "gateway", "payments"],
  "ordermesh.loms.v1.LomsService/ListStockLevels": ["seller", ...others, "checkout", "gateway"],
  "ordermesh.loms.v1.LomsService/ReceiveStock": ["seller", ...others, "ordermesh"],
  "ordermesh.loms.v1.LomsService/WatchOrders": ["owner", ...others, "gateway", "payments"],
  "ordermesh.loms.v1.LomsService/ListAllowedActions": ["owner", "seller", ...others, "gateway", "payments"],
  "ordermesh.loms.v1.LomsService/ApplyAction": ["owner", "seller", ...others, "gateway", "payments"],
  "ordermesh.loms.v1.LomsService/Explain": ["owner", "seller", ...others, "gateway", "payments"],
  "ordermesh.loms.v1.LomsService/GetHistory": ["owner", "seller", ...others, "gateway", "payments"],
  "ordermesh.loms.v1.LomsService/GetWorkflow": ["owner", "seller", ...others, "gateway", "payments"],
  "ordermesh.loms.v1.LomsService/ListTimers": [...others],
  "ordermesh.loms.v1.LomsService/RunTimerNow": [...others],
  "ordermesh.loms.v1.LomsService/SkipTimer": [...others],
  "ordermesh.loms.v1.LomsService/GetVoucher": ["owner", "seller", ...others, "gateway"],
  "ordermesh.loms.v1.LomsService/ValidateVoucherCode": ["seller", ...others, "gateway"],
  "ordermesh.loms.v1.InventoryService/GetAvailability": [...everybody, "checkout", "gateway"],
  "ordermesh.loms.v1.InventoryService/Reserve": [...others, "checkout", "gateway"],
  "ordermesh.loms.v1.InventoryService/CommitReservation": [...others, "checkout", "gateway"],
  "ordermesh.loms.v1.InventoryService/ReleaseReservation": [...others, "checkout", "gateway"],
  "loms_v1.LomsV1/CreateOrder": [...others, "checkout", "gateway"],
  "loms_v1.LomsV1/ListOrder": ["owner", "seller", ...others, "gateway", "payments", "notifications"],
  "loms_v1.LomsV1/OrderPayed": [...others, "payments"],
  "loms_v1.LomsV1/CancelOrder": ["owner", ...others, "gateway", "payments"],
  "loms_v1.LomsV1/Stocks": ["seller", ...others, "checkout", "gateway"],

  "ordermesh.checkout.v1.CheckoutService/AddToCart": ["owner", ...others, "gateway"],
  "ordermesh.checkout.v1.CheckoutService/IncreaseInCart": ["owner", ...others, "gateway"],
  "ordermesh.checkout.v1.CheckoutService/DeleteFromCart": ["owner", ...others, "gateway"],
  "ordermesh.checkout.v1.CheckoutService/ListCart": ["owner", ...others, "gateway"],
  "ordermesh.checkout.v1.CheckoutService/Purchase": ["owner", ...others, "gateway"],
  "ordermesh.checkout.v1.CheckoutAdminService/DropCachedProducts": ["operator"],
  "checkout_v1.CheckoutV1/AddToCart": ["owner", ...others, "gateway"],
  "checkout_v1.CheckoutV1/DeleteFromCart": ["owner", ...others, "gateway"],
  "checkout_v1.CheckoutV1/ListCart": ["owner", ...others, "gateway"],
  "checkout_v1.CheckoutV1/Purchase": ["owner", ...others, "gateway"],
  "checkout_v1.CheckoutV1/CacheDelete": ["operator"],

  "ordermesh.product.v1.ProductService/GetProduct": anybody,
  "ordermesh.product.v1.ProductService/BatchGetProducts": anybody,
  "ordermesh.product.v1.ProductService/ListSkus": anybody,
  "ordermesh.product.v1.ProductService/ListProducts": anybody,
  "ordermesh.product.v1.ProductService/UpsertProduct": ["seller", ...others, "ordermesh"],
  "ordermesh.product.v1.ProductService/BatchUpsertProducts": ["seller", ...others, "ordermesh"],
  // These ask for the product token, which the test sends.
  "route256.product.ProductService/GetProduct": anybody,
  "route256.product.ProductService/ListSkus": anybody,

  "ordermesh.notifications.v1.NotificationsService/ListNotifications": ["owner", ...others, "gateway"],
  "ordermesh.notifications.v1.NotificationsService/WatchNotifications": ["owner", ...others, "gateway"],
  "ordermesh.notifications.v1.NotificationsService/GetPreferences": ["owner", ...others, "gateway"],
  "ordermesh.notifications.v1.NotificationsService/SetPreferences": ["owner", ...others, "gateway"],
  "ordermesh.notifications.v1.NotificationsService/ListDeliveries": ["owner", ...others, "gateway"],

  "ordermesh.payments.v1.PaymentsService/CreatePaymentMethod": ["owner", "gateway"],
  "ordermesh.payments.v1.PaymentsService/Pay": ["owner", "platform", "checkout", "gateway"],
  "ordermesh.payments.v1.PaymentsService/GetPayment": ["owner", "seller", ...others, "checkout", "gateway"],
  "ordermesh.payments.v1.PaymentsService/ListPayments": ["owner", "seller", ...others, "gateway"],
  "ordermesh.payments.v1.PaymentsService/Refund": ["seller", "platform"],
  // This one asks for a signature.
  "ordermesh.payments.v1.PaymentsService/HandleProviderEvent": anybody,

  "ordermesh.identity.v1.IdentityService/Register": anybody,
  "ordermesh.identity.v1.IdentityService/Login": anybody,
  "ordermesh.identity.v1.IdentityService/Refresh": anybody,
  "ordermesh.identity.v1.IdentityService/Logout": anybody,
  "ordermesh.identity.v1.IdentityService/Verify": anybody,
  "ordermesh.identity.v1.IdentityService/GetMe": everybody,
  "ordermesh.identity.v1.IdentityService/SetRoles": ["operator"],
};

/** Who may call as well, but only about something of their own: what is the owner's is not there for them. */
export const onlyForThemselves: Readonly<Record<string, readonly Caller[]>> = {
  "ordermesh.notifications.v1.NotificationsService/ListNotifications": ["seller"],
  "ordermesh.notifications.v1.NotificationsService/WatchNotifications": ["seller"],
  "ordermesh.notifications.v1.NotificationsService/GetPreferences": ["seller"],
  "ordermesh.notifications.v1.NotificationsService/SetPreferences": ["seller"],
  "ordermesh.notifications.v1.NotificationsService/ListDeliveries": ["seller"],
  // Not even the platform has somebody else's card.
  "ordermesh.payments.v1.PaymentsService/CreatePaymentMethod": ["seller", "platform"],
};
