/** After so many tries a delivery has failed. */
export const attemptsMax = 5;
