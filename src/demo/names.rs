//! Names of people who do not exist, from many places.

/// Names that go together, and the societies their bearers would join.
#[derive(Debug, Clone, Copy, Default)]
pub struct Culture {
    pub first: &'static str,
    pub last: &'static str,
    /// Codes of societies.
    pub societies: &'static str,
}

pub const CULTURES: &[(u64, Culture)] = &[
    (
        22,
        Culture {
            first: "\
                Alice|Ben|Charlotte|Daniel|Eleanor|Frank|Georgia|Harry|Isla|Jack|Kate|Lewis|Molly|Nathan|Olive|Peter|Rosie|\
                Simon|Tessa|Will",
            last: "\
                Ashworth|Bellamy|Carrow|Denholm|Eastwick|Fairley|Garside|Hartnell|Ingleby|Kershaw|Langdale|Merrick|Northcott|\
                Ormsby|Pettifer|Ridsdale|Shelford|Thackray|Wetherby|Yarwood",
            societies: "052",
        },
    ),
    (
        18,
        Culture {
            first: "Austin|Brooke|Carter|Dakota|Everett|Faith|Grady|Hailey|Jolene|Kendall|Mason|Nora|Quinn|Savannah|Travis|Wyatt",
            last: "\
                Abernathy|Bledsoe|Calloway|Dupree|Eubanks|Fontenot|Greer|Holloway|Lattimore|McAllister|Pruitt|Ransom|Tolliver|\
                Whitaker",
            societies: "010|021|071",
        },
    ),
    (
        8,
        Culture {
            first: "Aoife|Cian|Niamh|Oisín|Róisín|Seán|Siobhán|Tadhg",
            last: "Ó Briain|Ní Cheallaigh|Mac Giolla|Devlin|Gilhooly|Scanlon|O'Mara|Tierney",
            societies: "128",
        },
    ),
    (
        10,
        Culture {
            first: "Álvaro|Begoña|Candela|Diego|Inés|Íñigo|Jimena|Lucía|Martín|Nuria|Rocío|Sofía",
            last: "Aranda Peña|Cifuentes|Domínguez Lara|Echeverría|Galván|Ibáñez Soto|Montalbán|Núñez Vera|Quiñones|Zamora Gil",
            societies: "072",
        },
    ),
    (
        9,
        Culture {
            first: "Amélie|Baptiste|Chloé|Étienne|Fabien|Héloïse|Jérôme|Léa|Maëlys|Noël|Océane|Théo",
            last: "Beaumont|Chevallier|Delacourt|Fournel|Garance|Lefèvre|Marchand|Perrault|Rousselin|Vasseur",
            societies: "058",
        },
    ),
    (
        9,
        Culture {
            first: "Anke|Björn|Dörte|Falk|Greta|Jörg|Katharina|Lukas|Mareike|Sönke|Till|Ulrike",
            last: "Achterberg|Brückner|Dietz|Fährmann|Grünwald|Hölscher|Kröger|Lindemann|Schäfer|Weißkopf",
            societies: "035",
        },
    ),
    (
        7,
        Culture {
            first: "André|Beatriz|Caio|Débora|Fábio|Helena|João|Letícia|Rafael|Thaís",
            last: "Albuquerque|Brandão|Conceição|Falcão|Guimarães|Magalhães|Pacheco|Seixas|Tavares|Vilela",
            societies: "093|201",
        },
    ),
    (
        9,
        Culture {
            first: "Åsa|Elin|Gustav|Håkan|Jonna|Linnéa|Måns|Signe|Tove|Örjan",
            last: "Ahlgren|Bergström|Dahlqvist|Ekelöf|Hägglund|Källström|Nordin|Sjöberg|Wikström|Öberg",
            societies: "079",
        },
    ),
    (
        6,
        Culture {
            first: "Adaeze|Chidi|Efua|Folasade|Kofi|Ngozi|Nana|Olumide|Temitope|Yaw",
            last: "Abubakar|Achebe-Cole|Amponsah|Balogun|Danquah|Eze|Nwosu|Okonjo|Owusu|Sarpong",
            societies: "052|063",
        },
    ),
    (
        5,
        Culture {
            first: "Aarav|Devika|Ishaan|Kavya|Meera|Nikhil|Rohan|Tara",
            last: "Banerjee|Chaudhuri|Deshpande|Iyer|Kulkarni|Menon|Rao|Trivedi",
            societies: "036|052",
        },
    ),
    (
        4,
        Culture {
            first: "Akari|Daichi|Haruka|Kenji|Mio|Ren|Sayaka|Takumi",
            last: "Fujimori|Hayashida|Ishikawa|Kurosaki|Matsuda|Nakahara|Shimizu|Tachibana",
            societies: "038",
        },
    ),
    (
        4,
        Culture {
            first: "Bogumiła|Czesław|Grażyna|Łukasz|Małgorzata|Paweł|Stanisław|Zofia",
            last: "Błaszczyk|Dąbrowska|Górski|Krawczyk|Leśniak|Mazur|Ożóg|Świątek",
            societies: "097",
        },
    ),
    (
        4,
        Culture {
            first: "Alessia|Dario|Fiorella|Giacomo|Niccolò|Ottavia|Piero|Serena",
            last: "Bevilacqua|Carbone|D'Alessandri|Ferrante|Lombardini|Pellegrino|Sartori|Tedeschi",
            societies: "074",
        },
    ),
];

pub const STAGE_NAMES: &str = "\
    Lumen|Kit Arden|Ada Vale|Nova Reyes|Juno Park|Ossian|DJ Halyard|Mirelle|Sable|Tindra|Vesper Lane|Wren|Yuna Ro|Casper Grey|\
    Bruna Sol|Echo Delta";
