//! The words titles are made of, by language, and how they stand together. No title is meant to be anybody's song.
//!
//! A list is one text with bars between its words.

/// A row of slots, each filled with one word of its list.
pub type Pattern = &'static [&'static str];

/// A language to write titles in.
#[derive(Debug, Clone, Copy)]
pub struct Tongue {
    /// As works carry it: "EN".
    pub code: &'static str,
    pub patterns: &'static [Pattern],
}

impl Default for Tongue {
    fn default() -> Self {
        ENGLISH
    }
}

const EN_ADJECTIVES: &str = "\
    Amber|Borrowed|Broken|Crooked|Distant|Double|Early|Electric|Empty|Faded|Folded|Gentle|Glass|Half-Lit|Hollow|Idle|\
    Indigo|Last|Lonesome|Low|Marble|Northern|Open|Paper|Patient|Plastic|Quiet|Restless|Rusted|Second|Silver|Sleepless|Slow|\
    Tangled|Tidal|Unwritten|Velvet|Winter|Wooden";
const EN_NOUNS: &str = "\
    Anchor|Arcade|Atlas|Avenue|Ballroom|Basement|Cathedral|Chapel|Compass|Corridor|Daughter|Departure|Driver|Echo|Engine|\
    Evening|Ferry|Fever|Garden|Ghost|Harbour|Harvest|Island|Kingdom|Kitchen|Ladder|Lantern|Letter|Lighthouse|Machine|Meridian|\
    Midnight|Mirror|Monday|Motel|Needle|Orchard|Parade|Passenger|Pilot|Postcard|Promise|Radio|Railway|River|Satellite|Shadow|\
    Signal|Sister|Sparrow|Stranger|Summer|Telephone|Theatre|Ticket|Undertow|Valley|Weather|Window|Yesterday";
const EN_VERBS: &str = "\
    Carry|Call|Count|Drive|Find|Follow|Forget|Hold|Keep|Leave|Lose|Meet|Miss|Paint|Remember|Save|Sing|Turn|Wake|Write";
const EN_WHOM: &str = "Me|You|Her|Him|Us|Them|Nobody|Everyone";
const EN_WHERE: &str = "\
    Across the Water|After Dark|All the Way Down|at the Border|Before the Rain|Beyond the Pines|by the Canal|for the Road|\
    from the Rooftop|in Slow Motion|in the Hallway|into the Blue|on the Night Bus|on the Other Side|Out of Season|Over the Wire|\
    Past Eleven|Through the Static|Under the Clock|Until Spring|with the Lights On|Without a Map";
const EN_OPENINGS: &str = "Every|No More|One More|Some Other|This|My|Your|Our|Another|Goodnight,|Hello,|Ode to the|Song for the";

pub const ENGLISH: Tongue = Tongue {
    code: "EN",
    patterns: &[
        &[EN_ADJECTIVES, EN_NOUNS],
        &[EN_ADJECTIVES, EN_NOUNS, EN_WHERE],
        &[EN_NOUNS, EN_WHERE],
        &[EN_VERBS, EN_WHOM, EN_WHERE],
        &[EN_OPENINGS, EN_NOUNS],
        &["The", EN_NOUNS, "and the", EN_NOUNS],
        &[EN_NOUNS, "of the", EN_NOUNS],
        &["Don't", EN_VERBS, "the|my|that", EN_NOUNS],
        &["When the", EN_NOUNS, "Comes Home|Falls Asleep|Sings Back|Runs Dry|Turns to Gold"],
    ],
};

const ES_THINGS: &str = "\
    la lluvia|el verano|la marea|el silencio|la ventana|el corazón|la frontera|el camino|la canción|el jardín|la madrugada|\
    el espejo|la ciudad|el invierno|la promesa|el balcón|la niña del puerto|el último tren|la luz|el pañuelo|la montaña|\
    el adiós|la sal|el reloj|la orilla|el naranjo|la distancia|el domingo|la herida|el eco";
const ES_TAILS: &str = "\
    sin final|de papel|de cristal|en la piel|sin dueño|al amanecer|de mi abuela|que nunca fue|a medianoche|de agosto|y nada más|\
    otra vez|de ayer|en voz baja|sin ti|del sur";
pub const SPANISH: Tongue = Tongue {
    code: "ES",
    patterns: &[
        &[ES_THINGS, ES_TAILS],
        &["bajo|sobre|entre tú y|hasta|contra|ante", ES_THINGS],
        &["dame|devuélveme|olvida|cuéntame|quédate con|enciende|píntame", ES_THINGS],
        &["cuando vuelva|cuando llegue|mientras duerme|donde nace", ES_THINGS],
    ],
};

const FR_THINGS: &str = "\
    la pluie|le matin|la rivière|le silence|la fenêtre|le cœur|la frontière|le dernier métro|la chanson|le jardin|l'été|\
    le miroir|la ville|l'hiver|la promesse|le balcon|l'ombre|la lumière|le sel|la neige|l'étoile|le vent|la forêt|le rivage|\
    la poussière|le bal|l'absence|la fièvre";
const FR_TAILS: &str = "\
    sans toi|de verre|à minuit|en hiver|de papier|d'octobre|à l'envers|des autres|qui revient|en secret|d'autrefois|\
    sous la peau|et moi|de mon père|à demi-mot";
pub const FRENCH: Tongue = Tongue {
    code: "FR",
    patterns: &[
        &[FR_THINGS, FR_TAILS],
        &["sous|après|contre|malgré|derrière|avant|vers", FR_THINGS],
        &["rends-moi|raconte-moi|laisse-moi|oublie|garde|éteins|suis", FR_THINGS],
        &["quand reviendra|là où dort|pendant que danse", FR_THINGS],
    ],
};

const DE_THINGS: &str = "\
    Regen|Mondlicht|Straßen|Schnee|Träume|Schatten|Fenster|Sterne|Wellen|Spiegel|Brücken|Gärten|Züge|Nächte|Lieder|Vögel|Briefe|\
    Türen|Wolken|Flüsse|Lichter|Möwen";
const DE_TAILS: &str = "\
    im Juli|ohne dich|über Nacht|am Rand der Stadt|aus Papier|im Gegenlicht|für später|bis zum Morgen|unter Wasser|\
    nach Mitternacht|in Zeitlupe|wie früher|vor dem Haus|im Kopf";
pub const GERMAN: Tongue = Tongue {
    code: "DE",
    patterns: &[
        &[DE_THINGS, DE_TAILS],
        &["tausend|keine|alte|stille|weiße|späte|letzte|nur noch|zwischen uns|fremde", DE_THINGS],
        &["gib mir|zeig mir|wir zählen|du hörst|ich male|wo sind die", DE_THINGS],
        &[DE_THINGS, "und", DE_THINGS],
    ],
};

const PT_THINGS: &str = "\
    a chuva|o verão|a maré|o silêncio|a janela|o coração|a saudade|o caminho|a canção|o quintal|a manhã|o espelho|a cidade|\
    o inverno|a promessa|o violão|a varanda|o último bonde|a luz|o sertão|a montanha|o sal|a ilha|o vento";
const PT_TAILS: &str = "\
    sem fim|de papel|de vidro|na pele|sem dono|ao amanhecer|da minha avó|que não foi|à meia-noite|de agosto|e mais nada|\
    outra vez|em mim|do mar";
pub const PORTUGUESE: Tongue = Tongue {
    code: "PT",
    patterns: &[
        &[PT_THINGS, PT_TAILS],
        &["sob|sobre|entre nós e|até|contra|entre você e", PT_THINGS],
        &["me dá|devolve|esquece|me conta|acende|leva", PT_THINGS],
    ],
};

const SV_THINGS: &str = "\
    regnet|sommaren|havet|tystnaden|fönstret|hjärtat|vägen|visan|trädgården|gryningen|spegeln|staden|vintern|löftet|bryggan|\
    ljuset|fjället|ön|skuggan|sista bussen|tåget|månen|skärgården|svalan";
const SV_TAILS: &str = "\
    utan slut|av glas|i september|utan dig|före gryningen|på andra sidan|i mitt kök|som ingen såg|vid midnatt|igen|hemåt|\
    för länge sedan|mellan oss|över ängen";
pub const SWEDISH: Tongue = Tongue {
    code: "SV",
    patterns: &[
        &[SV_THINGS, SV_TAILS],
        &[SV_THINGS, "och", SV_THINGS],
        &["ge mig|minns du|bortom|bakom|under|när|följ", SV_THINGS, "||igen|i natt|en gång"],
    ],
};

pub const GENRES: &[(u64, &str)] = &[
    (24, "Pop"),
    (14, "Singer-songwriter"),
    (11, "Indie"),
    (10, "Rock"),
    (9, "R&B"),
    (8, "Folk"),
    (7, "Electronic"),
    (6, "Hip hop"),
    (5, "Country"),
    (5, "Latin"),
    (4, "Jazz"),
    (4, "Soul"),
    (3, "Film score"),
    (2, "Classical"),
    (2, "Children's"),
];
pub const NOTES: &str = "\
    Demo received from the writer; lyrics on file.|Written at the spring writing camp.|\
    Licensed for an advertisement, three years, Europe.|Title changed before release; see the alternate title.|\
    Original agreement on paper, folder 14.|Writer asked for a second check of the spelling.|\
    Claim by another publisher withdrawn.|Lyrics cleared with the estate.";
pub const OPEN_SPLIT_NOTES: &str = "\
    Split not agreed yet; waiting for a co-writer.|One writer's share still to be confirmed by the manager.|\
    Split sheet signed by all but one.";
pub const VERSIONS: &[(u64, &str)] = &[
    (58, ""),
    (10, " (Live)"),
    (9, " (Acoustic)"),
    (6, " (Radio Edit)"),
    (5, " (Remix)"),
    (4, " (Demo)"),
    (3, " (Instrumental)"),
    (3, " (Extended Mix)"),
    (2, " (Strings Version)"),
];
pub const BAND_BEGINNINGS: &str = "\
    Paper|Velvet|Static|Harbour|Copper|Tiny|Northern|Slow|Glass|Second|Marble|Distant|Saint|Lower|Hollow|Night|Blue|Young|\
    Winter|Radio";
pub const BAND_ENDINGS: &str = "\
    Lanterns|Weather|Cartographers|Parade|Sisters|Foxes|Telephones|Orchard|Machines|Cathedral|Swimmers|Almanac|Neighbours|\
    Signals|Tigers|Society|Ferry|Ghosts|Architects|Choir";
pub const LABELS: &str = "\
    Tall Pine Records|Blue Kiosk|Kitchen Table Records|Fjordlys|Casa Marea|Low Ceiling|Rue Verte Disques|Halbmond Tonträger|\
    Ninth Floor|Quintal Discos|Open Gate Music|Second Sleep";
pub const STUDIO_ROLES: &str = "Producer|Mixing engineer|Mastering engineer|Featured artist|Guitar|Drums|Piano|Backing vocals";
