/** The users that identity adds with IDENTITY_DEMO_USERS, each with the role of that name; buyer2 is a second buyer, and waiter a seller. */
export const demoUsers = ["buyer", "buyer2", "seller", "waiter", "platform", "operator"] as const;

/** Of all of them. Everybody knows it. */
export const demoPassword = "ordermesh-demo";
