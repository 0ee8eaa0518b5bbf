#include "simulate_words.h"

#include "err.h"

#include <string.h>

enum goods {
    KOPI,
    ALAT_KOPI,
    TEH_JAMU,
    BATIK,
    BUSANA,
    TENUN,
    KULINER,
    BUMBU,
    ELEKTRONIK,
    AKSESORI,
    DAPUR,
    KECANTIKAN,
    BAYI,
    OLAHRAGA,
    RUMAH,
    KERAJINAN,
    OTOMOTIF,
    BUKU,
    TANI,
    HEWAN
};

/* The heads of two categories differ, and no word is the beginning of what may
 * follow it: so every combination is an id of its own. */
const struct words_goods words_goods[WORDS_GOODS] = {
    [KOPI] = {"kopi", "kopi kopi-arabika kopi-robusta",
              "gayo toraja kintamani mandailing bajawa preanger wamena lampung "
              "temanggung sidikalang kerinci ijen malabar enrekang dampit "
              "banyuatis",
              "250g 100g 200g 500g 1kg biji-250g bubuk-250g"},
    [ALAT_KOPI] = {"alat-kopi",
                   "gilingan-kopi saringan-v60 cangkir-kopi teko-leher-angsa "
                   "moka-pot tetes-vietnam tumbler-kopi timbangan-kopi",
                   "keramik baja kaca bambu kayu-jati tembaga",
                   ". hitam putih mini besar isi-dua"},
    [TEH_JAMU] = {"teh-jamu", "teh teh-hijau jamu wedang",
                  "melati walini kayu-aro kunyit-asam beras-kencur temulawak "
                  "uwuh jahe-merah sekoteng rosela",
                  "kantong-25 100g 250g botol-350ml saset-10"},
    [BATIK] = {"batik", "batik-tulis batik-cap batik-cetak batik-kombinasi",
               "mega-mendung parang-rusak kawung truntum sido-mukti "
               "sekar-jagad tujuh-rupa lasem jlamprang gentongan "
               "pring-sedapur tambal sogan buketan ceplok",
               ". sutra katun primisima dobi rayon"},
    [BUSANA] = {"busana",
                "kemeja-batik daster gamis baju-koko kebaya sarung mukena "
                "hijab-segi-empat pasmina celana-kulot",
                "pekalongan solo kudus premium voal rayon katun-jepang "
                "wolfis encim bali",
                "m s l xl xxl anak"},
    [TENUN] = {"tenun", "tenun-ikat songket ulos kain-endek",
               "sumba troso palembang minangkabau batak flores toraja lombok "
               "sikka baduy",
               ". dua-meter selendang merah indigo emas"},
    [KULINER] = {"kuliner",
                 "keripik rendang sambal kerupuk abon dodol bakpia pempek",
                 "singkong-balado sapi roa udang tempe tenggiri cabai-hijau "
                 "bawang garut kacang-hijau durian asli",
                 "250g 100g 500g 1kg pedas isi-10"},
    [BUMBU] = {"bumbu",
               "bumbu-rendang bumbu-rawon bumbu-soto kecap-manis gula-aren "
               "terasi santan kunyit-bubuk lada",
               "padang surabaya lamongan bangka cirebon cianjur asli organik",
               "50g 100g 250g 500g botol"},
    [ELEKTRONIK] = {"elektronik",
                    "ponsel laptop earbud pengeras-suara tablet jam-pintar "
                    "kamera-aksi",
                    "nusa-a1 nusa-a2 garuda-x garuda-pro merapi-5g "
                    "rinjani-lite krakatau-max bromo-s semeru-neo",
                    "hitam putih biru 64gb 128gb 256gb"},
    [AKSESORI] = {"aksesori-gawai",
                  "casing pelindung-layar pengisi-daya kabel-data "
                  "bank-daya tas-laptop dudukan-ponsel kartu-memori",
                  "tipe-c magnetik cepat-20w cepat-65w anti-gores silikon "
                  "lipat 10000mah 20000mah",
                  ". hitam putih merah ringkas garansi"},
    [DAPUR] = {"dapur",
               "wajan panci cobek penanak-nasi kompor-gas pisau-dapur talenan "
               "blender kukusan",
               "marmer baja granit anti-lengket bambu kayu-mahoni mini jumbo",
               "20cm 24cm 28cm 1l 2l paket"},
    [KECANTIKAN] = {"kecantikan",
                    "serum lulur sabun masker-wajah lipstik tabir-surya "
                    "minyak-rambut losion",
                    "beras-bali bengkuang kelapa-murni zaitun niasinamida "
                    "lidah-buaya cendana kopi-bali mawar",
                    "30ml 100ml 200ml mat mini isi-ulang"},
    [BAYI] = {"ibu-bayi",
              "popok bedong botol-susu bubur-bayi minyak-telon gendongan "
              "baju-bayi mainan-gigit",
              "kaus-lembut organik nusantara bambu baru-lahir anti-kolik katun "
              "premium",
              "s m l xl isi-2 isi-40"},
    [OLAHRAGA] = {"olahraga",
                  "raket sepatu-lari kaus-bola matras-yoga bola-futsal "
                  "sandal-gunung ransel-gunung tenda",
                  "garuda-muda rinjani semeru slamet lawu gede merbabu prau",
                  ". hitam biru merah uk38 uk40 uk42"},
    [RUMAH] = {"rumah-tangga",
               "seprai gorden karpet lampu-hias rak-buku meja-lipat bantal "
               "keranjang",
               "rotan jati minimalis katun-jepang bambu eceng-gondok jepara "
               "klasik",
               ". 120x200 180x200 cokelat putih abu"},
    [KERAJINAN] =
        {"kerajinan",
         "wayang-kulit topeng angklung ukiran anyaman gelang patung "
         "guci",
         "arjuna semar panji jepara tasik asmat kasongan celuk lombok "
         "dayak",
         ". mini sedang besar antik"},
    [OTOMOTIF] = {"otomotif",
                  "helm oli ban-motor jas-hujan kampas-rem aki lampu-led spion",
                  "matik bebek sport retro 10w40 nusa-grip tahan-hujan premium",
                  ". hitam m l ring14 ring17"},
    [BUKU] = {"buku", "novel komik buku-resep kamus buku-anak atlas",
              "senja-di-losari cerita-nusantara dapur-ibu si-kancil "
              "bahasa-jawa sejarah-majapahit lautan-banda gunung-api",
              ". jilid-satu jilid-dua jilid-tiga bergambar"},
    [TANI] = {"tani-kebun", "bibit pupuk benih pot-tanaman sekop media-tanam",
              "cabai-rawit tomat-ceri anggrek-bulan mangga-harum-manis kompos "
              "sekam terong kangkung",
              ". 100g 1kg 5kg isi-tiga"},
    [HEWAN] = {"hewan",
               "makanan-kucing pasir-kucing kandang mainan-kucing "
               "pakan-ikan-cupang pakan-burung",
               "tuna salmon kenari koi anak dewasa", "500g 1kg 5kg 20kg"},
};

const struct words_theme words_themes[WORDS_THEMES] = {
    {KOPI, ALAT_KOPI},      {BATIK, BUSANA},      {ELEKTRONIK, AKSESORI},
    {KULINER, BUMBU},       {KECANTIKAN, BUSANA}, {DAPUR, BUMBU},
    {BUSANA, KECANTIKAN},   {RUMAH, DAPUR},       {BAYI, RUMAH},
    {OLAHRAGA, BUSANA},     {TEH_JAMU, KULINER},  {TENUN, BATIK},
    {KERAJINAN, TENUN},     {OTOMOTIF, AKSESORI}, {BUKU, RUMAH},
    {TANI, RUMAH},          {HEWAN, RUMAH},       {AKSESORI, ELEKTRONIK},
    {ALAT_KOPI, KOPI},      {KULINER, TEH_JAMU},  {BATIK, KERAJINAN},
    {ELEKTRONIK, AKSESORI}, {BUMBU, DAPUR},       {KULINER, KOPI},
};

const struct words_city words_cities[WORDS_CITIES] = {
    {"jakarta", "dki-jakarta"},
    {"bandung", "jawa-barat"},
    {"surabaya", "jawa-timur"},
    {"yogyakarta", "di-yogyakarta"},
    {"semarang", "jawa-tengah"},
    {"medan", "sumatera-utara"},
    {"makassar", "sulawesi-selatan"},
    {"denpasar", "bali"},
    {"tangerang", "banten"},
    {"palembang", "sumatera-selatan"},
    {"pekalongan", "jawa-tengah"},
    {"solo", "jawa-tengah"},
    {"takengon", "aceh"},
    {"garut", "jawa-barat"},
    {"cirebon", "jawa-barat"},
    {"tasikmalaya", "jawa-barat"},
    {"bogor", "jawa-barat"},
    {"kudus", "jawa-tengah"},
    {"jepara", "jawa-tengah"},
    {"lasem", "jawa-tengah"},
    {"bantul", "di-yogyakarta"},
    {"malang", "jawa-timur"},
    {"sidoarjo", "jawa-timur"},
    {"banyuwangi", "jawa-timur"},
    {"serang", "banten"},
    {"ubud", "bali"},
    {"mataram", "nusa-tenggara-barat"},
    {"kupang", "nusa-tenggara-timur"},
    {"waingapu", "nusa-tenggara-timur"},
    {"balige", "sumatera-utara"},
    {"banda-aceh", "aceh"},
    {"padang", "sumatera-barat"},
    {"bukittinggi", "sumatera-barat"},
    {"pekanbaru", "riau"},
    {"jambi", "jambi"},
    {"bandar-lampung", "lampung"},
    {"pontianak", "kalimantan-barat"},
    {"banjarmasin", "kalimantan-selatan"},
    {"samarinda", "kalimantan-timur"},
    {"rantepao", "sulawesi-selatan"},
    {"manado", "sulawesi-utara"},
    {"palu", "sulawesi-tengah"},
    {"ambon", "maluku"},
    {"ternate", "maluku-utara"},
    {"jayapura", "papua"},
    {"wamena", "papua-pegunungan"},
};

const char *const words_tenants[WORDS_TENANTS] = {
    "pasar-nusantara", "lapak-merdeka", "warung-kita",  "niaga-raya",
    "toko-serumpun",   "galeri-umkm",   "bazar-daring", "kios-bahari",
};

const char words_big_sellers[] = "nusantara-mart raja-grosir gudang-murah "
                                 "sentra-belanja pusat-gawai istana-batik "
                                 "lumbung-pangan mega-rumah";

const char words_shops[] =
    "toko-makmur toko-sinar-jaya toko-barokah "
    "toko-sumber-rejeki toko-maju-bersama toko-mutiara "
    "toko-cahaya toko-harapan toko-sejahtera toko-bahagia "
    "toko-anugerah toko-melati";

const char words_owners[] = "umkm-bu-siti umkm-pak-agus umkm-mbak-dewi "
                            "umkm-bu-sri umkm-pak-budi umkm-teh-rina "
                            "umkm-kang-asep umkm-uda-rizal umkm-bli-wayan "
                            "umkm-mak-ijah umkm-daeng-rahman umkm-bu-kartini "
                            "umkm-pak-joko umkm-mas-eko umkm-bu-ningsih "
                            "umkm-inang-rosma umkm-cik-fatimah umkm-ibu-ketut "
                            "umkm-pace-yohanes umkm-uni-desi umkm-pak-slamet "
                            "umkm-bu-maya umkm-mama-lusia umkm-nyak-cut";

uint32_t words_count(const char *list)
{
    uint32_t count = 1;

    for (const char *space = strchr(list, ' '); space != NULL;
         space = strchr(space + 1, ' '))
        count++;
    return count;
}

struct text words_at(const char *list, uint32_t at)
{
    struct text word;

    for (; at > 0; at--) {
        list = strchr(list, ' ');
        ASSERT(list != NULL);
        list++;
    }
    word.bytes = list;
    word.length = (uint32_t)strcspn(list, " ");
    if (word.length == 1 && *list == '.')
        word.length = 0;
    return word;
}
