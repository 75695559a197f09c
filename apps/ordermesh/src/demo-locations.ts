/** A dish or drink of the demonstration. All prices are in euro cents. */
export interface DemoMenuItem {
  readonly name: string;
  readonly description: string;
  readonly priceMinor: number;
  readonly categories: readonly string[];
  readonly tags: readonly string[];
  readonly additives: readonly string[];
}

/** A location of the demonstration, with its menu. */
export interface DemoLocation {
  readonly name: string;
  readonly description: string;
  readonly address: string;
  readonly position: { readonly latitude: number; readonly longitude: number };
  readonly website: string;
  readonly telephone: string;
  readonly categories: readonly string[];
  readonly tags: readonly string[];
  readonly openingHours: readonly {
    readonly weekday: number;
    readonly opens: string;
    readonly closes: string;
  }[];
  readonly menu: readonly DemoMenuItem[];
}

/** "Tomato soup | With basil. | 650 | starters | vegan | celery": each line is an item, lists have commas between. */
function menuOf(lines: readonly string[]): DemoMenuItem[] {
  const list = (text = "") => (text === "" ? [] : text.split(", "));
  return lines.map((line) => {
    const [name = "", description = "", price, categories, tags, additives] = line
      .split("|")
      .map((part) => part.trim());
    return {
      name,
      description,
      priceMinor: Number(price),
      categories: list(categories),
      tags: list(tags),
      additives: list(additives),
    };
  });
}

/** The first one is where the demo user `waiter` works. They are 3.4 km apart. */
export const demoLocations: readonly DemoLocation[] = [
  {
    name: "Lindenhof",
    description: "Bavarian kitchen under old lime trees.",
    address: "Lindenhofplatz 4, 80331 Munich",
    position: { latitude: 48.1362, longitude: 11.5763 },
    website: "https://lindenhof.example.com",
    telephone: "+49 89 555 0104",
    categories: ["restaurant", "beer garden"],
    tags: ["terrace", "family"],
    openingHours: [2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, opens: "11:30", closes: "23:00" })),
    menu: menuOf([
      "Pretzel soup     | Brown butter, chives.              |  690 | starters     | vegetarian        | gluten, milk, celery",
      "Obatzda          | Camembert, paprika, radish.        |  980 | starters     | vegetarian        | milk, gluten",
      "Roast pork       | Dumpling, dark beer gravy.         | 1690 | mains        | house specialty   | gluten, celery",
      "Cheese spaetzle  | Mountain cheese, fried onions.     | 1490 | mains        | vegetarian        | gluten, egg, milk",
      "Lentil roast     | Red cabbage, potato mash.          | 1450 | mains        | vegan             | mustard",
      "Apple strudel    | Warm, with vanilla sauce.          |  790 | desserts     | vegetarian        | gluten, egg, milk",
      "Helles 0.5 l     | From the barrel.                   |  490 | drinks, beer | alcohol           | gluten",
      "Apple spritzer   | Cloudy juice from the valley.      |  390 | drinks       | vegan             |",
    ]),
  },
  {
    name: "Harbor Kitchen",
    description: "Fish, bowls and coffee by the canal.",
    address: "Canal Street 21, 80801 Munich",
    position: { latitude: 48.1641, longitude: 11.5946 },
    website: "https://harbor-kitchen.example.com",
    telephone: "+49 89 555 0177",
    categories: ["cafe", "seafood"],
    tags: ["terrace", "breakfast"],
    openingHours: [
      ...[1, 2, 3, 4, 5].map((weekday) => ({ weekday, opens: "08:00", closes: "22:00" })),
      ...[6, 7].map((weekday) => ({ weekday, opens: "09:00", closes: "01:00" })),
    ],
    menu: menuOf([
      "Smoked trout toast | Horseradish, dill.                 | 1150 | breakfast, starters | pescatarian     | fish, gluten, milk",
      "Granola            | Oats, berries, oat yoghurt.        |  840 | breakfast           | vegan           | gluten, nuts",
      "Fish soup          | Saffron, fennel.                   | 1290 | starters            | pescatarian     | fish, shellfish, celery",
      "Salmon bowl        | Rice, edamame, pickled cucumber.   | 1580 | mains               | pescatarian     | fish, soy, sesame",
      "Falafel bowl       | Hummus, bulgur, mint.              | 1380 | mains               | vegan           | gluten, sesame",
      "Lemon tart         | With meringue.                     |  650 | desserts            | vegetarian      | gluten, egg, milk",
      "Flat white         | Double shot.                       |  380 | drinks, coffee      | vegetarian      | milk",
      "Rhubarb spritzer   | Pressed here.                      |  420 | drinks              | vegan           |",
    ]),
  },
];
