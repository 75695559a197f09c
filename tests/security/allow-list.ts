import type { Caller } from "./callers.ts";

/** What becomes of a call: it gets to its handler, or it is refused with this code. */
export type Outcome = "let in" | "Unauthenticated" | "PermissionDenied" | "NotFound";

const everybody = ["owner", "other buyer", "seller", "platform", "operator"] as const;
const others = ["platform", "operator"] as const;
/** Of locations. Which ones are whose is not told by a role: that is tested in apps/tables. */
const staff = ["seller", ...others] as const;
const anybody = [
  ...everybody,
  "guest",
  "checkout",
  "gateway",
  "payments",
  "notifications",
  "tables",
  "ordermesh",
  "none",
] as const;

/**
 * Who gets to the handler of each RPC, when it is about an object of "owner". Written by hand, beside the rules of the
 * contracts: whoever changes one of them has to mean it.
 */
export const allowList: Readonly<Record<string, readonly Caller[]>> = {
  "ordermesh.loms.v1.LomsService/CreateOrder": [...others, "checkout", "gateway", "tables"],
  "ordermesh.loms.v1.LomsService/BatchCreateOrders": [...others, "checkout", "gateway", "tables"],
  "ordermesh.loms.v1.LomsService/GetOrder": [
    "owner",
    "seller",
    ...others,
    "gateway",
    "payments",
    "notifications",
    "tables",
  ],
  "ordermesh.loms.v1.LomsService/ListOrders": ["owner", "seller", ...others, "gateway", "payments", "tables"],
  "ordermesh.loms.v1.LomsService/PayOrder": [...others, "payments"],
  "ordermesh.loms.v1.LomsService/CancelOrder": ["owner", ...others, "gateway", "payments"],
  "ordermesh.loms.v1.LomsService/ListStockLevels": ["seller", ...others, "checkout", "gateway", "tables"],
  "ordermesh.loms.v1.LomsService/ReceiveStock": ["seller", ...others, "ordermesh"],
  "ordermesh.loms.v1.LomsService/WatchOrders": [
    "owner",
    "seller",
    ...others,
    "gateway",
    "payments",
    "tables",
  ],
  "ordermesh.loms.v1.LomsService/ListAllowedActions": [
    "owner",
    "seller",
    ...others,
    "gateway",
    "payments",
    "tables",
  ],
  "ordermesh.loms.v1.LomsService/ApplyAction": ["owner", "seller", ...others, "gateway", "payments"],
  "ordermesh.loms.v1.LomsService/Explain": ["owner", "seller", ...others, "gateway", "payments", "tables"],
  "ordermesh.loms.v1.LomsService/GetHistory": ["owner", "seller", ...others, "gateway", "payments", "tables"],
  "ordermesh.loms.v1.LomsService/GetWorkflow": [
    "owner",
    "seller",
    ...others,
    "gateway",
    "payments",
    "tables",
  ],
  "ordermesh.loms.v1.LomsService/ListTimers": [...others],
  "ordermesh.loms.v1.LomsService/RunTimerNow": [...others],
  "ordermesh.loms.v1.LomsService/SkipTimer": [...others],
  "ordermesh.loms.v1.LomsService/GetVoucher": ["owner", "seller", ...others, "gateway"],
  "ordermesh.loms.v1.LomsService/ValidateVoucherCode": ["seller", ...others, "gateway", "tables"],
  "ordermesh.loms.v1.InventoryService/GetAvailability": [...everybody, "checkout", "gateway", "tables"],
  "ordermesh.loms.v1.InventoryService/Reserve": [...others, "checkout", "gateway", "tables"],
  "ordermesh.loms.v1.InventoryService/CommitReservation": [...others, "checkout", "gateway", "tables"],
  "ordermesh.loms.v1.InventoryService/ReleaseReservation": [...others, "checkout", "gateway", "tables"],
  "ordermesh.loms.v1.InventoryService/ListStock": ["seller", ...others, "gateway"],
  "ordermesh.loms.v1.InventoryService/ListStockHolds": ["seller", ...others, "gateway"],
  "ordermesh.loms.v1.InventoryService/ListStockMovements": ["seller", ...others, "gateway"],
  "ordermesh.loms.v1.InventoryService/GetStockTrend": ["seller", ...others, "gateway"],
  "loms_v1.LomsV1/CreateOrder": [...others, "checkout", "gateway", "tables"],
  "loms_v1.LomsV1/ListOrder": [
    "owner",
    "seller",
    ...others,
    "gateway",
    "payments",
    "notifications",
    "tables",
  ],
  "loms_v1.LomsV1/OrderPayed": [...others, "payments"],
  "loms_v1.LomsV1/CancelOrder": ["owner", ...others, "gateway", "payments"],
  "loms_v1.LomsV1/Stocks": ["seller", ...others, "checkout", "gateway", "tables"],

  "ordermesh.checkout.v1.CheckoutService/AddToCart": ["owner", ...others, "gateway", "tables"],
  "ordermesh.checkout.v1.CheckoutService/IncreaseInCart": ["owner", ...others, "gateway", "tables"],
  "ordermesh.checkout.v1.CheckoutService/DeleteFromCart": ["owner", ...others, "gateway", "tables"],
  "ordermesh.checkout.v1.CheckoutService/ListCart": ["owner", ...others, "gateway", "tables"],
  "ordermesh.checkout.v1.CheckoutService/Purchase": ["owner", ...others, "gateway", "tables"],
  "ordermesh.checkout.v1.CheckoutAdminService/DropCachedProducts": ["operator"],
  "checkout_v1.CheckoutV1/AddToCart": ["owner", ...others, "gateway", "tables"],
  "checkout_v1.CheckoutV1/DeleteFromCart": ["owner", ...others, "gateway", "tables"],
  "checkout_v1.CheckoutV1/ListCart": ["owner", ...others, "gateway", "tables"],
  "checkout_v1.CheckoutV1/Purchase": ["owner", ...others, "gateway", "tables"],
  "checkout_v1.CheckoutV1/CacheDelete": ["operator"],

  "ordermesh.product.v1.ProductService/GetProduct": anybody,
  "ordermesh.product.v1.ProductService/BatchGetProducts": anybody,
  "ordermesh.product.v1.ProductService/ListSkus": anybody,
  "ordermesh.product.v1.ProductService/ListProducts": anybody,
  "ordermesh.product.v1.ProductService/UpsertProduct": ["seller", ...others, "ordermesh", "tables"],
  "ordermesh.product.v1.ProductService/BatchUpsertProducts": ["seller", ...others, "ordermesh"],
  // These ask for the product token, which the test sends.
  "route256.product.ProductService/GetProduct": anybody,
  "route256.product.ProductService/ListSkus": anybody,

  "ordermesh.notifications.v1.NotificationsService/ListNotifications": [
    "owner",
    "seller",
    ...others,
    "gateway",
  ],
  "ordermesh.notifications.v1.NotificationsService/WatchNotifications": ["owner", ...others, "gateway"],
  "ordermesh.notifications.v1.NotificationsService/GetPreferences": ["owner", ...others, "gateway"],
  "ordermesh.notifications.v1.NotificationsService/SetPreferences": ["owner", ...others, "gateway"],
  "ordermesh.notifications.v1.NotificationsService/ListDeliveries": ["owner", ...others, "gateway"],
  "ordermesh.notifications.v1.NotificationsService/ResendDelivery": [...others],

  "ordermesh.operations.v1.BacklogService/GetBacklog": [...others],
  "ordermesh.operations.v1.BacklogService/ListGivenUpRecords": [...others],
  "ordermesh.operations.v1.BacklogService/RedriveGivenUpRecords": [...others],
  "ordermesh.operations.v1.OperationsService/ListServices": [...others],
  "ordermesh.operations.v1.OperationsService/ListBacklogs": [...others],
  "ordermesh.operations.v1.OperationsService/ListDeadLetters": [...others],
  "ordermesh.operations.v1.OperationsService/RedriveDeadLetters": [...others],

  // Who may follow a topic decides the service that it comes from.
  "ordermesh.feed.v1.FeedService/Watch": anybody,

  "ordermesh.payments.v1.PaymentsService/CreatePaymentMethod": ["owner", "gateway", "tables"],
  "ordermesh.payments.v1.PaymentsService/Pay": ["owner", "platform", "checkout", "gateway", "tables"],
  "ordermesh.payments.v1.PaymentsService/GetPayment": ["owner", "seller", ...others, "checkout", "gateway"],
  "ordermesh.payments.v1.PaymentsService/ListPayments": ["owner", "seller", ...others, "gateway"],
  "ordermesh.payments.v1.PaymentsService/Refund": ["seller", "platform"],
  "ordermesh.payments.v1.PaymentsService/CreateBillPayment": ["tables"],
  "ordermesh.payments.v1.PaymentsService/CancelBillPayment": ["tables"],
  // This one asks for a signature.
  "ordermesh.payments.v1.PaymentsService/HandleProviderEvent": anybody,

  "ordermesh.tables.v1.LocationsService/CreateLocation": [...staff, "gateway", "ordermesh"],
  "ordermesh.tables.v1.LocationsService/UpdateLocation": [...staff, "gateway"],
  "ordermesh.tables.v1.LocationsService/GetLocation": anybody,
  "ordermesh.tables.v1.LocationsService/ListLocations": anybody,
  "ordermesh.tables.v1.LocationsService/FindNearbyLocations": anybody,
  "ordermesh.tables.v1.LocationsService/SetLocationStaff": staff,
  "ordermesh.tables.v1.LocationsService/GetLocationStaff": staff,
  "ordermesh.tables.v1.LocationsService/UpsertMenuItem": [...staff, "gateway", "ordermesh"],
  "ordermesh.tables.v1.LocationsService/RemoveMenuItem": staff,
  "ordermesh.tables.v1.LocationsService/ListMenu": anybody,
  "ordermesh.tables.v1.TablesService/OpenSession": [...staff, "gateway", "ordermesh"],
  "ordermesh.tables.v1.TablesService/GetSession": ["guest", ...staff, "gateway"],
  "ordermesh.tables.v1.TablesService/ListSessions": [...staff, "gateway"],
  "ordermesh.tables.v1.TablesService/RotateInvitation": staff,
  "ordermesh.tables.v1.TablesService/RenderQr": ["guest", ...staff, "gateway"],
  // This one asks for an invitation.
  "ordermesh.tables.v1.TablesService/JoinSession": anybody,
  "ordermesh.tables.v1.TablesService/RemoveGuest": staff,
  "ordermesh.tables.v1.TablesService/PlaceOrder": ["guest", ...staff, "gateway"],
  "ordermesh.tables.v1.TablesService/ActOnOrder": ["guest", ...staff],
  "ordermesh.tables.v1.TablesService/ListKitchenQueue": staff,
  "ordermesh.tables.v1.TablesService/CloseSession": [...staff, "gateway"],
  "ordermesh.tables.v1.TablesService/MakeBill": ["guest", ...staff],
  "ordermesh.tables.v1.TablesService/VoidBill": staff,
  "ordermesh.tables.v1.TablesService/CreateGuestPaymentMethod": ["guest"],
  "ordermesh.tables.v1.TablesService/PayShare": ["guest"],
  "ordermesh.tables.v1.TablesService/SettleShare": staff,
  "ordermesh.tables.v1.TablesService/WatchSession": ["guest", ...staff, "gateway"],
  "ordermesh.tables.v1.TablesService/WatchLocation": staff,

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
  // Tables acts on the orders of its sessions, and on no others.
  "ordermesh.loms.v1.LomsService/PayOrder": ["tables"],
  "ordermesh.loms.v1.LomsService/CancelOrder": ["tables"],
  "ordermesh.loms.v1.LomsService/ApplyAction": ["tables"],
  "loms_v1.LomsV1/OrderPayed": ["tables"],
  "loms_v1.LomsV1/CancelOrder": ["tables"],
  // Not even the platform has somebody else's card.
  "ordermesh.payments.v1.PaymentsService/CreatePaymentMethod": ["seller", "platform"],
};
