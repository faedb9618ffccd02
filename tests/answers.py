"""An answer in each of many languages, as chats give them."""

from __future__ import annotations

ANSWERS = {
    "en": (
        "For most runners, the best choice is a neutral shoe with enough cushioning. If you run more than 30 km "
        "a week, rotate two pairs so that the foam can recover. Prices start at about $120, and last year's "
        "models are often just as good."
    ),
    "de": (
        "Für die meisten Läufer ist ein neutraler Schuh mit ausreichender Dämpfung die beste Wahl. Wer mehr als "
        "30 km pro Woche läuft, sollte zwischen zwei Paaren wechseln. Die Preise beginnen bei etwa 120 €, und "
        "Vorjahresmodelle sind oft genauso gut."
    ),
    "fr": (
        "Pour la plupart des coureurs, le meilleur choix est une chaussure neutre avec un bon amorti. Si vous "
        "courez plus de 30 km par semaine, alternez deux paires. Les prix commencent autour de 120 €, et les "
        "modèles de l'an dernier sont souvent tout aussi bons."
    ),
    "es": (
        "Para la mayoría de los corredores, la mejor opción es una zapatilla neutra con suficiente "
        "amortiguación. Si corres más de 30 km a la semana, alterna dos pares. Los precios empiezan en unos 120 "
        "€ y los modelos del año pasado suelen ser igual de buenos."
    ),
    "pt": (
        "Para a maioria dos corredores, a melhor escolha é um tênis neutro com bastante amortecimento. Se você "
        "corre mais de 30 km por semana, alterne dois pares. Os preços começam em cerca de R$ 700, e os modelos "
        "do ano passado costumam ser tão bons quanto os novos."
    ),
    "it": (
        "Per la maggior parte dei corridori la scelta migliore è una scarpa neutra con una buona "
        "ammortizzazione. Se corri più di 30 km a settimana, alterna due paia. I prezzi partono da circa 120 € e "
        "i modelli dell'anno scorso sono spesso altrettanto validi."
    ),
    "nl": (
        "Voor de meeste hardlopers is een neutrale schoen met genoeg demping de beste keuze. Loop je meer dan 30 "
        "km per week, wissel dan twee paar af. De prijzen beginnen bij ongeveer € 120 en de modellen van vorig "
        "jaar zijn vaak net zo goed."
    ),
    "sv": (
        "För de flesta löpare är en neutral sko med tillräcklig dämpning det bästa valet. Om du springer mer än "
        "30 km i veckan bör du växla mellan två par. Priserna börjar på ungefär 1 300 kronor, och fjolårets "
        "modeller är ofta lika bra."
    ),
    "da": (
        "For de fleste løbere er en neutral sko med god støddæmpning det bedste valg. Hvis du løber mere end 30 "
        "km om ugen, bør du skifte mellem to par. Priserne begynder ved omkring 900 kroner, og modellerne fra "
        "sidste år er ofte lige så gode."
    ),
    "nb": (
        "For de fleste løpere er en nøytral sko med god demping det beste valget. Hvis du løper mer enn 30 km i "
        "uken, bør du veksle mellom to par. Prisene starter på rundt 1300 kroner, og fjorårets modeller er ofte "
        "like gode."
    ),
    "fi": (
        "Useimmille juoksijoille paras valinta on neutraali kenkä, jossa on riittävä iskunvaimennus. Jos juokset "
        "yli 30 km viikossa, vuorottele kahta paria. Hinnat alkavat noin 120 eurosta, ja viime vuoden mallit "
        "ovat usein aivo yhtä hyviä."
    ),
    "pl": (
        "Dla większości biegaczy najlepszym wyborem są neutralne buty z dobrą amortyzacją. Jeśli biegasz więcej "
        "niż 30 km tygodniowo, używaj na zmianę dwóch par. Ceny zaczynają się od około 500 zł, a zeszłoroczne "
        "modele są często równie dobre."
    ),
    "cs": (
        "Pro většinu běžců je nejlepší volbou neutrální bota s dostatečným tlumením. Pokud běháte více než 30 km "
        "týdně, střídejte dva páry. Ceny začínají přibližně na 2 800 Kč a loňské modely bývají často stejně "
        "dobré."
    ),
    "sk": (
        "Pre väčšinu bežcov je najlepšou voľbou neutrálna topánka s dostatočným tlmením. Ak behávate viac ako 30 "
        "km týždenne, striedajte dva páry. Ceny sa začínajú približne na 120 € a minuloročné modely bývajú často "
        "rovnako dobré."
    ),
    "hu": (
        "A legtöbb futónak a megfelelő csillapítású semleges cipő a legjobb választás. Ha hetente több mint 30 "
        "km-t futsz, váltogass két pár cipőt. Az árak nagyjából 45 000 forinttól indulnak, és a tavalyi modellek "
        "gyakran ugyanolyan jók."
    ),
    "ro": (
        "Pentru majoritatea alergătorilor, cea mai bună alegere este un pantof neutru cu amortizare suficientă. "
        "Dacă alergi mai mult de 30 km pe săptămână, alternează două perechi. Prețurile încep de la aproximativ "
        "600 de lei, iar modelele de anul trecut sunt adesea la fel de bune."
    ),
    "hr": (
        "Za većinu trkača najbolji je izbor neutralna tenisica s dovoljno amortizacije. Ako tjedno trčite više "
        "od 30 km, izmjenjujte dva para. Cijene počinju od oko 120 €, a prošlogodišnji modeli često su jednako "
        "dobri."
    ),
    "sl": (
        "Za večino tekačev je najboljša izbira nevtralen copat z dovolj blaženja. Če na teden pretečete več kot "
        "30 km, izmenjujte dva para. Cene se začnejo pri približno 120 €, lanski modeli pa so pogosto enako "
        "dobri."
    ),
    "bg": (
        "За повечето бегачи най-добрият избор е неутрална обувка с достатъчно омекотяване. Ако бягате повече от "
        "30 км седмично, редувайте два чифта. Цените започват от около 120 €, а миналогодишните модели често са "
        "също толкова добри."
    ),
    "sr": (
        "За већину тркача најбољи избор је неутрална патика са довољно амортизације. Ако недељно трчите више од "
        "30 км, смењујте два пара. Цене почињу од око 14.000 динара, а прошлогодишњи модели су често једнако "
        "добри."
    ),
    "ru": (
        "Для большинства бегунов лучший выбор — нейтральные кроссовки с достаточной амортизацией. Если вы "
        "бегаете больше 30 км в неделю, чередуйте две пары. Цены начинаются примерно от 10 000 рублей, а "
        "прошлогодние модели часто ничуть не хуже."
    ),
    "uk": (
        "Для більшості бігунів найкращий вибір — нейтральні кросівки з достатньою амортизацією. Якщо ви бігаєте "
        "понад 30 км на тиждень, чергуйте дві пари. Ціни починаються приблизно від 4 000 гривень, а торішні "
        "моделі часто нічим не гірші."
    ),
    "el": (
        "Για τους περισσότερους δρομείς η καλύτερη επιλογή είναι ένα ουδέτερο παπούτσι με αρκετή απορρόφηση "
        "κραδασμών. Αν τρέχετε πάνω από 30 χλμ. την εβδομάδα, εναλλάσσετε δύο ζευγάρια. Οι τιμές ξεκινούν από "
        "περίπου 120 €."
    ),
    "tr": (
        "Çoğu koşucu için en iyi seçim, yeterli yastıklamaya sahip nötr bir ayakkabıdır. Haftada 30 km'den fazla "
        "koşuyorsanız iki çifti dönüşümlü kullanın. Fiyatlar yaklaşık 4.500 TL'den başlıyor ve geçen yılın "
        "modelleri genellikle aynı derecede iyi."
    ),
    "lt": (
        "Daugumai bėgikų geriausias pasirinkimas yra neutralūs bateliai su pakankama amortizacija. Jei per "
        "savaitę nubėgate daugiau nei 30 km, kaitaliokite dvi poras. Kainos prasideda nuo maždaug 120 €, o "
        "praėjusių metų modeliai dažnai yra tokie pat geri."
    ),
    "lv": (
        "Lielākajai daļai skrējēju labākā izvēle ir neitrāli apavi ar pietiekamu amortizāciju. Ja nedēļā "
        "noskrienat vairāk nekā 30 km, mainiet divus pārus. Cenas sākas no aptuveni 120 €, un pagājušā gada "
        "modeļi bieži ir tikpat labi."
    ),
    "et": (
        "Enamikule jooksjatest on parim valik neutraalne jalats, millel on piisav pehmendus. Kui jooksete "
        "nädalas üle 30 km, vahetage kahte paari. Hinnad algavad umbes 120 eurost ja eelmise aasta mudelid on "
        "sageli sama head."
    ),
    "ca": (
        "Per a la majoria dels corredors, la millor opció és una sabatilla neutra amb prou amortiment. Si corres "
        "més de 30 km a la setmana, alterna dos parells. Els preus comencen al voltant dels 120 € i els models "
        "de l'any passat sovint són igual de bons."
    ),
    "ar": (
        "بالنسبة إلى معظم العدائين، أفضل خيار هو حذاء محايد بتوسيد كافٍ. إذا كنت تركض أكثر من 30 كيلومترًا في "
        "الأسبوع، فبدّل بين زوجين من الأحذية. تبدأ الأسعار من نحو 450 درهمًا، وغالبًا ما تكون طرازات العام "
        "الماضي جيدة بالقدر نفسه."
    ),
    "he": (
        "לרוב הרצים הבחירה הטובה ביותר היא נעל ניטרלית עם ריפוד מספיק. אם אתם רצים יותר מ-30 ק״מ בשבוע, כדאי "
        "להחליף בין שני זוגות. המחירים מתחילים בכ-450 ש״ח, ודגמי השנה שעברה טובים לא פחות ברוב המקרים."
    ),
    "fa": (
        "برای بیشتر دوندگان بهترین انتخاب یک کفش خنثی با ضربه‌گیری کافی است. اگر بیش از ۳۰ کیلومتر در هفته "
        "می‌دوید، دو جفت را به نوبت بپوشید. قیمت‌ها از حدود ۵ میلیون تومان شروع می‌شود و مدل‌های سال گذشته اغلب "
        "به همان اندازه خوب هستند."
    ),
    "hi": (
        "ज़्यादातर धावकों के लिए सबसे अच्छा विकल्प पर्याप्त कुशनिंग वाला न्यूट्रल जूता है। अगर आप हफ़्ते में 30 "
        "किमी से ज़्यादा दौड़ते हैं, तो दो जोड़ी बारी-बारी से पहनें। कीमतें लगभग ₹8,000 से शुरू होती हैं और "
        "पिछले साल के मॉडल अक्सर उतने ही अच्छे होते हैं।"
    ),
    "bn": (
        "বেশিরভাগ দৌড়বিদের জন্য সবচেয়ে ভালো পছন্দ হলো পর্যাপ্ত কুশনযুক্ত একটি নিউট্রাল জুতা। সপ্তাহে ৩০ "
        "কিলোমিটারের বেশি দৌড়ালে দুই জোড়া জুতা পালা করে পরুন। দাম প্রায় ১২,০০০ টাকা থেকে শুরু হয়।"
    ),
    "ta": (
        "பெரும்பாலான ஓட்டக்காரர்களுக்கு போதுமான மெத்தை கொண்ட நடுநிலை காலணியே சிறந்த தேர்வு. வாரத்திற்கு 30 "
        "கி.மீ.க்கு மேல் ஓடினால், இரண்டு ஜோடிகளை மாற்றி மாற்றி பயன்படுத்துங்கள். விலை சுமார் ₹8,000 முதல் "
        "தொடங்குகிறது."
    ),
    "th": (
        "สำหรับนักวิ่งส่วนใหญ่ ตัวเลือกที่ดีที่สุดคือรองเท้าแบบนิวทรัลที่รองรับแรงกระแทกได้ดี "
        "หากคุณวิ่งมากกว่าสัปดาห์ละ 30 กิโลเมตร ควรสลับใช้รองเท้าสองคู่ ราคาเริ่มต้นที่ประมาณ 4,000 บาท "
        "และรุ่นของปีที่แล้วก็มักจะดีพอกัน"
    ),
    "vi": (
        "Với hầu hết người chạy bộ, lựa chọn tốt nhất là một đôi giày trung tính có đủ độ êm. Nếu bạn chạy hơn "
        "30 km mỗi tuần, hãy luân phiên hai đôi. Giá bắt đầu từ khoảng 3 triệu đồng, và các mẫu của năm ngoái "
        "thường vẫn tốt không kém."
    ),
    "id": (
        "Bagi sebagian besar pelari, pilihan terbaik adalah sepatu netral dengan bantalan yang cukup. Jika Anda "
        "berlari lebih dari 30 km seminggu, gunakan dua pasang secara bergantian. Harganya mulai sekitar "
        "Rp1.800.000, dan model tahun lalu sering kali sama bagusnya."
    ),
    "ms": (
        "Bagi kebanyakan pelari, pilihan terbaik ialah kasut neutral dengan kusyen yang mencukupi. Jika anda "
        "berlari lebih daripada 30 km seminggu, gunakan dua pasang kasut secara bergilir-gilir. Harganya bermula "
        "kira-kira RM500, dan model tahun lepas selalunya masih elok."
    ),
    "fil": (
        "Para sa karamihan ng mga tumatakbo, ang pinakamagandang piliin ay isang neutral na sapatos na may sapat "
        "na cushion. Kung tumatakbo ka nang higit sa 30 km bawat linggo, magpalit-palit ng dalawang pares. "
        "Nagsisimula ang presyo sa humigit-kumulang ₱6,000."
    ),
    "sw": (
        "Kwa wakimbiaji wengi, chaguo bora ni kiatu cha kawaida chenye mto wa kutosha. Ukikimbia zaidi ya "
        "kilomita 30 kwa wiki, tumia jozi mbili kwa zamu. Bei huanza karibu shilingi 15,000, na mifano ya mwaka "
        "jana mara nyingi ni mizuri vilevile."
    ),
    "ja": (
        "ほとんどのランナーには、十分なクッション性を備えたニュートラルタイプのシューズが最適です。"
        "週に30km以上走る場合は、2足を交互に履くとよいでしょう。価格は1万5千円前後からで、"
        "昨年のモデルでも十分な性能があります。"
    ),
    "ko": (
        "대부분의 러너에게는 쿠셔닝이 충분한 중립형 러닝화가 가장 좋은 선택입니다. 일주일에 30km 이상 달린다면 "
        "두 켤레를 번갈아 신으세요. 가격은 약 15만 원부터 시작하며, 작년 모델도 성능이 충분한 경우가 많습니다."
    ),
    "zh": (
        "对大多数跑者来说，最好的选择是缓震充足的中性跑鞋。如果每周跑量超过30公里，建议两双鞋轮换着穿。"
        "价格从800元左右起，去年的型号往往同样出色，而且更便宜。"
    ),
    "zh-Hant": (
        "對大多數跑者來說，最好的選擇是緩震充足的中性跑鞋。如果每週跑量超過30公里，建議兩雙鞋輪流穿。"
        "價格從新台幣3,500元左右起，去年的型號往往同樣出色，而且更便宜。"
    ),
}
"""By BCP 47 tag."""
